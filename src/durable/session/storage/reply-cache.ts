import type { CallFrame } from "../../../ocpp/frame.ts";
import { LazyTables } from "./lazy-tables.ts";
import type { Notebook } from "./notebook.ts";

/** An answer in the session's record. */
export interface KeptReply {
  readonly messageId: string;
  readonly digest: string;
  readonly response: string;
}

const REPLIES_MAX = 256;
/** Replies in the table between two removals of what is over the bound. */
const PRUNE_EVERY = 64;
/** What the record may hold: it is written whole. */
const KEPT_MAX = 8;
const KEPT_LENGTH_MAX = 4 * 1024;

const TABLE = `CREATE TABLE IF NOT EXISTS replies (
  seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL, digest TEXT NOT NULL, response TEXT NOT NULL)`;

/**
 * What we answered to the last CALLs: a repeat with the same id, action and payload gets the same answer and has no second
 * effect. The same id with another payload is a new message. A boot forgets them all: some firmware restarts its counter
 * there, and would be told what was true days ago. The newest are kept in the session's record and moved to a table a
 * handful at a time.
 */
export class ReplyCache {
  readonly #table: LazyTables;
  readonly #notebook: Notebook;
  /** Keys of the rows, oldest first; read once, because a query per CALL costs more than the CALL. */
  #keys: Set<string> | undefined;

  constructor(sql: SqlStorage, notebook: Notebook) {
    this.#table = new LazyTables(sql, "replies", TABLE);
    this.#notebook = notebook;
  }

  find(call: CallFrame): string | null {
    const digest = digestOf(call);
    const isSame = (kept: KeptReply) => kept.messageId === call.id && kept.digest === digest;
    const kept = this.#notebook.page?.replies.findLast(isSame);
    if (kept) return kept.response;
    if (!this.#known().has(keyOf(call.id, digest))) return null;
    const text = "SELECT response FROM replies WHERE message_id = ? AND digest = ? ORDER BY seq DESC LIMIT 1";
    const rows = this.#table.reading?.exec<{ response: string }>(text, call.id, digest).toArray();
    return rows?.[0]?.response ?? null;
  }

  store(call: CallFrame, response: string): void {
    const record = this.#notebook.page;
    if (!record) return;
    record.replies.push({ messageId: call.id, digest: digestOf(call), response });
    const length = record.replies.reduce((sum, kept) => sum + kept.response.length, 0);
    if (record.replies.length > KEPT_MAX || length > KEPT_LENGTH_MAX) {
      const moved = record.replies;
      record.replies = [];
      record.hasReplyRows = true;
      this.#move(moved);
    }
    this.#notebook.changed(true);
  }

  /** The caller saves the record. */
  clear(): void {
    const record = this.#notebook.page;
    if (record?.hasReplyRows) this.#table.reading?.exec("DELETE FROM replies");
    if (record) Object.assign(record, { replies: [], hasReplyRows: false });
    this.#keys = undefined;
  }

  /** Everything was dropped. */
  forget(): void {
    this.#table.forget();
    this.#keys = undefined;
  }

  #move(replies: readonly KeptReply[]): void {
    const keys = this.#known();
    const places = replies.map(() => "(?, ?, ?)").join(", ");
    this.#table.writing.exec(
      `INSERT INTO replies (message_id, digest, response) VALUES ${places}`,
      ...replies.flatMap(({ messageId, digest, response }) => [messageId, digest, response]),
    );
    for (const { messageId, digest } of replies) keys.add(keyOf(messageId, digest));
    if (keys.size < REPLIES_MAX + PRUNE_EVERY) return;
    this.#table.writing.exec(
      "DELETE FROM replies WHERE seq <= (SELECT max(seq) FROM replies) - ?",
      REPLIES_MAX,
    );
    this.#keys = undefined;
  }

  #known(): Set<string> {
    this.#keys ??= new Set(this.#rows().map((row) => keyOf(row.message_id, row.digest)));
    return this.#keys;
  }

  #rows() {
    if (!this.#notebook.page?.hasReplyRows) return [];
    const text = "SELECT message_id, digest FROM replies ORDER BY seq";
    return this.#table.reading?.exec<{ message_id: string; digest: string }>(text).toArray() ?? [];
  }
}

function keyOf(messageId: string, digest: string): string {
  return `${digest} ${messageId}`;
}

/** Two lanes of FNV-1a and the length. A station that builds a collision only deceives itself. */
function digestOf({ action, payload }: CallFrame): string {
  const text = `${action}\n${JSON.stringify(payload)}`;
  let first = 0x811c9dc5;
  let second = 0x1b873593;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x85ebca6b) ^ (second >>> 13);
  }
  return `${text.length}.${first >>> 0}.${second >>> 0}`;
}
