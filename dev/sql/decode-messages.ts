import { PostgresError } from "./executor.ts";
import type { PostgresErrorFields, ResultField, StatementResult } from "./executor.ts";

export type DecodedAnswer = {
  results: StatementResult[];
  error?: PostgresError;
  /** I idle, T in a transaction, E in a failed transaction. */
  transactionStatus: string;
};

const errorFieldByType: Record<string, keyof PostgresErrorFields> = {
  S: "severity",
  C: "code",
  D: "detail",
  H: "hint",
  P: "position",
  p: "internalPosition",
  q: "internalQuery",
  W: "where",
  s: "schema",
  t: "table",
  c: "column",
  d: "dataType",
  n: "constraint",
  F: "file",
  L: "line",
  R: "routine",
};

/** Reads the backend messages that answer one or more statements (PostgreSQL protocol 3). */
export function decodeAnswer(buffer: Buffer): DecodedAnswer {
  const answer: DecodedAnswer = { results: [], transactionStatus: "I" };
  let fields: ResultField[] = [];
  let rows: (string | null)[][] = [];
  const finish = (tag: string): void => {
    answer.results.push({ fields, rows, ...splitTag(tag) });
    fields = [];
    rows = [];
  };
  let offset = 0;
  while (offset < buffer.length) {
    const type = String.fromCharCode(buffer[offset] ?? 0);
    const body = offset + 5;
    const end = offset + 1 + buffer.readInt32BE(offset + 1);
    if (type === "D") rows.push(readRow(buffer, body));
    else if (type === "T") fields = readFields(buffer, body);
    else if (type === "C") finish(buffer.toString("utf8", body, end - 1));
    else if (type === "I") finish("");
    else if (type === "E") answer.error ??= readError(buffer, body);
    else if (type === "Z") answer.transactionStatus = String.fromCharCode(buffer[body] ?? 0);
    offset = end;
  }
  return answer;
}

/** `INSERT 0 5` is command INSERT with 5 rows, `CREATE TABLE` is command CREATE without a count. */
function splitTag(tag: string): { command: string; rowCount: number | null } {
  const words = tag.split(" ");
  const count = Number(words.at(-1) || Number.NaN);
  return { command: words[0] ?? "", rowCount: Number.isNaN(count) ? null : count };
}

function readFields(buffer: Buffer, start: number): ResultField[] {
  const fields: ResultField[] = [];
  const count = buffer.readUInt16BE(start);
  let offset = start + 2;
  for (let index = 0; index < count; index++) {
    const nameEnd = buffer.indexOf(0, offset);
    const name = buffer.toString("utf8", offset, nameEnd);
    offset = nameEnd + 1;
    fields.push({
      name,
      tableID: buffer.readUInt32BE(offset),
      columnID: buffer.readInt16BE(offset + 4),
      dataTypeID: buffer.readUInt32BE(offset + 6),
      dataTypeSize: buffer.readInt16BE(offset + 10),
      dataTypeModifier: buffer.readInt32BE(offset + 12),
      format: "text",
    });
    offset += 18;
  }
  return fields;
}

function readRow(buffer: Buffer, start: number): (string | null)[] {
  const count = buffer.readUInt16BE(start);
  const row: (string | null)[] = [];
  let offset = start + 2;
  for (let index = 0; index < count; index++) {
    const length = buffer.readInt32BE(offset);
    offset += 4;
    if (length < 0) {
      row.push(null);
      continue;
    }
    row.push(buffer.toString("utf8", offset, offset + length));
    offset += length;
  }
  return row;
}

function readError(buffer: Buffer, start: number): PostgresError {
  const fields: PostgresErrorFields = {};
  let message = "";
  let offset = start;
  while (buffer[offset]) {
    const type = String.fromCharCode(buffer[offset] ?? 0);
    const end = buffer.indexOf(0, offset + 1);
    const text = buffer.toString("utf8", offset + 1, end);
    const field = errorFieldByType[type];
    if (type === "M") message = text;
    else if (field) fields[field] = text;
    offset = end + 1;
  }
  return new PostgresError(message, fields);
}
