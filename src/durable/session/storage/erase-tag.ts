import { eraseInFields, eraseWords, eraseWordsInJson, type Erasure } from "../../../ocpp/erase-tag.ts";
import type { SessionRecord } from "./session-record.ts";

/** Columns that hold free text of a vendor or a station, by table. */
const FREE_TEXT: Readonly<Record<string, readonly string[]>> = {
  data_transfers: ["data", "response_data"],
};

/** Column of an id tag alone. */
const ID_TAG = "id_tag";

/** Actions whose frames hold such text. */
const FREE_TEXT_ACTIONS: ReadonlySet<string> = new Set([
  "DataTransfer",
  "NotifyCustomerInformation",
  "SecurityEventNotification",
]);

/** Fields of facts that hold such text, by the type that their JSON begins with. */
const FREE_TEXT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  dataTransfer: ["data", "responseData"],
  securityEvent: ["techInfo"],
};
const FACT_TYPE = /^\{"type":"(\w+)"/;

type PackedFrame = [atMs: number, direction: string, action: string | null, message: string];

/** Replaces a tag in every table of a session: in columns of its own, in fields of JSON, in frames and in free text of vendors. */
export function eraseInTables(sql: SqlStorage, erasure: Erasure): void {
  const tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'";
  for (const { name } of sql.exec<{ name: string }>(tables).toArray()) {
    const columns = sql
      .exec<{ name: string; type: string }>("SELECT name, type FROM pragma_table_info(?)", name)
      .toArray();
    for (const column of columns) if (column.type === "TEXT") eraseColumn(sql, name, column.name, erasure);
  }
}

function eraseColumn(sql: SqlStorage, table: string, column: string, erasure: Erasure): void {
  const found = `SELECT DISTINCT "${column}" AS text FROM "${table}" WHERE instr(lower("${column}"), ?) > 0`;
  const rows = sql.exec<{ text: string }>(found, erasure.key).toArray();
  for (const { text } of rows) {
    const erased =
      column === ID_TAG ? wholeText(text, erasure) : erasedText(text, erasure, { table, column });
    // By its text: a table may have no row ids.
    if (erased !== text)
      sql.exec(`UPDATE "${table}" SET "${column}" = ? WHERE "${column}" = ?`, erased, text);
  }
}

function wholeText(text: string, { key, pseudonym }: Erasure): string {
  return text.toLowerCase() === key ? pseudonym : text;
}

function erasedText(
  text: string,
  erasure: Erasure,
  { table, column }: { table: string; column: string },
): string {
  if (FREE_TEXT[table]?.includes(column)) return eraseWords(text, erasure);
  if (table === "reports") return eraseWordsInJson(text, erasure);
  return eraseInFrames(text, erasure) ?? eraseInFact(text, erasure);
}

/** Frames are stored as the elements of a JSON array, with its first bracket or without. Null: these are none. */
function eraseInFrames(text: string, erasure: Erasure): string | null {
  const isOpen = text.startsWith("[[");
  if (!isOpen && !text.startsWith("[")) return null;
  const frames = readFrames(isOpen ? `${text}]` : `[${text}]`);
  if (!frames) return null;
  const erased = frames.map(([atMs, direction, action, message]) => {
    const inFields = eraseInFields(message, erasure);
    const hasFreeText = action !== null && FREE_TEXT_ACTIONS.has(action);
    const erasedMessage = hasFreeText ? eraseWordsInJson(inFields, erasure) : inFields;
    return JSON.stringify([atMs, direction, action, erasedMessage]);
  });
  return (isOpen ? "[" : "") + erased.join(",");
}

function readFrames(json: string): PackedFrame[] | null {
  try {
    const frames: unknown = JSON.parse(json);
    const isFrame = (one: unknown): one is PackedFrame =>
      Array.isArray(one) && one.length === 4 && typeof one[3] === "string";
    return Array.isArray(frames) && frames.every(isFrame) ? frames : null;
  } catch {
    return null;
  }
}

/** The same in the record of a session. */
export function eraseInRecord(record: SessionRecord, erasure: Erasure): void {
  const { key } = erasure;
  record.outbox = record.outbox.map((fact) => ({ ...fact, json: eraseInFact(fact.json, erasure) }));
  record.replies = record.replies.map((reply) => ({
    ...reply,
    response: eraseInFields(reply.response, erasure),
  }));
  record.refusedTokens = record.refusedTokens.filter(({ token }) => token !== key);
  record.remoteStarts = record.remoteStarts.map((start) => ({
    ...start,
    idTag: wholeText(start.idTag, erasure),
  }));
  record.reservations = record.reservations.map((one) => ({
    ...one,
    idTag: wholeText(one.idTag, erasure),
    groupId: one.groupId && wholeText(one.groupId, erasure),
  }));
}

/** JSON of a fact; any other text is erased in its fields. */
function eraseInFact(json: string, erasure: Erasure): string {
  const inFields = eraseInFields(json, erasure);
  const fields = FREE_TEXT_FIELDS[FACT_TYPE.exec(inFields)?.[1] ?? ""];
  if (!fields) return inFields;
  const fact = JSON.parse(inFields) as Record<string, unknown>;
  for (const field of fields) {
    const text = fact[field];
    if (typeof text === "string") fact[field] = eraseWords(text, erasure);
  }
  return JSON.stringify(fact);
}
