import { DatabaseError, serialize } from "pg-protocol";
import {
  CommandCompleteMessage,
  DataRowMessage,
  ReadyForQueryMessage,
  RowDescriptionMessage,
} from "pg-protocol/dist/messages.js";
import { Parser } from "pg-protocol/dist/parser.js";
import type { Statement, StatementResult } from "./executor.ts";
import type { Prepared } from "./statement-cache.ts";

// A statement that wants COPY data would wait for it forever. Outside of a COPY the message is ignored.
const copyFail = serialize.copyFail("");

/** The messages that run the statements in one exchange (extended query). Types are inferred, values are text. */
export function encodeStatements(statements: (Statement & Prepared)[]): Buffer {
  const messages = statements.flatMap(({ name, isNew, closes, query, params }) => [
    ...(closes === null ? [] : [serialize.close({ type: "S", name: closes })]),
    ...(isNew ? [serialize.parse({ name, text: query })] : []),
    serialize.bind({ statement: name, values: params }),
    serialize.describe({ type: "P" }),
    serialize.execute(),
  ]);
  return Buffer.concat([...messages, copyFail, serialize.sync()]);
}

/** The message that runs a text with any number of statements and no parameters (simple query). */
export function encodeSimpleQuery(sqlText: string): Buffer {
  return Buffer.concat([serialize.query(sqlText), copyFail]);
}

/** What the database answered to one exchange. */
export type DecodedAnswer = {
  results: StatementResult[];
  error?: DatabaseError;
  /** I idle, T in a transaction, E in a failed transaction. */
  transactionStatus: string;
};

export function decodeAnswer(answer: Buffer): DecodedAnswer {
  const decoded: DecodedAnswer = { results: [], transactionStatus: "I" };
  let fields: StatementResult["fields"] = [];
  let rows: StatementResult["rows"] = [];
  const finish = (tag: string): void => {
    decoded.results.push({ fields, rows, ...splitTag(tag) });
    fields = [];
    rows = [];
  };
  new Parser().parse(answer, (message) => {
    if (message instanceof DataRowMessage) rows.push(message.fields);
    else if (message instanceof RowDescriptionMessage) fields = message.fields;
    else if (message instanceof CommandCompleteMessage) finish(message.text);
    else if (message.name === "emptyQuery") finish("");
    else if (message instanceof DatabaseError) decoded.error ??= message;
    else if (message instanceof ReadyForQueryMessage) decoded.transactionStatus = message.status;
  });
  return decoded;
}

/** `INSERT 0 5` is command INSERT with 5 rows, `CREATE TABLE` is command CREATE without a count. */
function splitTag(tag: string): Pick<StatementResult, "command" | "rowCount"> {
  const words = tag.split(" ");
  const count = Number(words.at(-1) || Number.NaN);
  return { command: words[0] ?? "", rowCount: Number.isNaN(count) ? null : count };
}
