/** Fields of OCPP payloads and of what is made of them that hold the text of an id tag. */
const FIELDS = "idTag|idToken|id_tag|parentIdTag|additionalIdToken";

/** An id tag that is to be erased. */
export interface Erasure {
  /** The tag as it is compared. */
  key: string;
  /** What takes its place. */
  pseudonym: string;
}

/** Replaces a tag in JSON text, where a field of its own holds it; also in JSON text within a string of JSON text. */
export function eraseInFields(text: string, { key, pseudonym }: Erasure): string {
  if (!text.toLowerCase().includes(key)) return text;
  const field = String.raw`(\\*"(?:${FIELDS})\\*"\s*:\s*\\*")${escaped(key)}(\\*")`;
  return text.replaceAll(
    new RegExp(field, "gi"),
    (_, before: string, after: string) => before + pseudonym + after,
  );
}

/** Replaces a tag in free text, where it is a word: text of a vendor may name it anywhere. */
export function eraseWords(text: string, { key, pseudonym }: Erasure): string {
  if (!text.toLowerCase().includes(key)) return text;
  const word = String.raw`(?<![A-Za-z0-9])${escaped(key)}(?![A-Za-z0-9])`;
  return text.replaceAll(new RegExp(word, "gi"), () => pseudonym);
}

/** A text of JSON, the last one maybe cut off; with a colon behind it a name. */
const JSON_TEXT = /"(?:[^"\\]|\\.)*(?:"(\s*:)?|$)/gs;

/**
 * Replaces a tag in JSON text, where it is a word of a text. Numbers, names, and what a frame has before its payload stay: the
 * result is JSON as well.
 */
export function eraseWordsInJson(json: string, erasure: Erasure): string {
  if (!json.toLowerCase().includes(erasure.key)) return json;
  const start = Math.max(0, json.indexOf("{"));
  const erased = json
    .slice(start)
    .replaceAll(JSON_TEXT, (text: string, colon?: string) => (colon ? text : eraseInText(text, erasure)));
  return json.slice(0, start) + erased;
}

/** The text is read first, because an escape before a word looks like a letter of it. */
function eraseInText(text: string, erasure: Erasure): string {
  try {
    const value = String(JSON.parse(text));
    const erased = eraseWords(value, erasure);
    return erased === value ? text : JSON.stringify(erased);
  } catch {
    return eraseWords(text, erasure);
  }
}

function escaped(key: string): string {
  return key.replaceAll(/[^a-z0-9]/g, (character) => `\\${character}`);
}
