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

function escaped(key: string): string {
  return key.replaceAll(/[^a-z0-9]/g, (character) => `\\${character}`);
}
