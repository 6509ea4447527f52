import type { CallFrame } from "../../../ocpp/frame.ts";
import { LazyTables } from "./lazy-tables.ts";
import type { RecordHolder } from "./record-holder.ts";
import type { KeptReply } from "./session-record.ts";

const REPLIES_MAX = 256;
/** Replies in the table over the bound before the oldest blocks are removed. */
const PRUNE_EVERY = 64;
/** What the record may hold: it is written whole. */
const KEPT_MAX = 8;
const KEPT_LENGTH_MAX = 4 * 1024;

/** `body`: a JSON array of replies, the oldest first. */
const BLOCKS = "CREATE TABLE IF NOT EXISTS reply_blocks (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)";
/** Of a release that kept a row per reply. */
const OLDER = `CREATE TABLE IF NOT EXISTS replies (
  seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL, digest TEXT NOT NULL, response TEXT NOT NULL)`;

/** Replies of the older table have no block. */
const NO_BLOCK = 0;

/**
 * What we answered to the last CALLs: a repeat with the same id, action and payload gets the same answer and has no second
 * effect. The same id with another payload is a new message. A boot forgets them all: some firmware restarts its counter
 * there, and would be told what was true days ago. The newest are kept in the session's record and moved to a table a
 * handful at a time, as one row.
 */
export class ReplyCache {
  readonly #blocks: LazyTables;
  readonly #older: LazyTables;
  readonly #holder: RecordHolder;
  /** The block of each reply by its key, oldest first; read once, because a query per CALL costs more than the CALL. */
  #known: Map<string, number> | undefined;

  constructor(sql: SqlStorage, holder: RecordHolder) {
    this.#blocks = new LazyTables(sql, "reply_blocks", BLOCKS);
    this.#older = new LazyTables(sql, "replies", OLDER);
    this.#holder = holder;
  }

  find(call: CallFrame): string | null {
    const digest = digestOf(call);
    const isSame = (kept: KeptReply) => kept.messageId === call.id && kept.digest === digest;
    const kept = this.#holder.record?.replies.findLast(isSame);
    if (kept) return kept.response;
    const block = this.#keys().get(keyOf(call.id, digest));
    if (block === undefined) return null;
    if (block !== NO_BLOCK) return this.#readBlock(block).findLast(isSame)?.response ?? null;
    const text = "SELECT response FROM replies WHERE message_id = ? AND digest = ? ORDER BY seq DESC LIMIT 1";
    const rows = this.#older.reading?.exec<{ response: string }>(text, call.id, digest).toArray();
    return rows?.[0]?.response ?? null;
  }

  store(call: CallFrame, response: string): void {
    const { record } = this.#holder;
    if (!record) return;
    record.replies.push({ messageId: call.id, digest: digestOf(call), response });
    const length = record.replies.reduce((sum, kept) => sum + kept.response.length, 0);
    if (record.replies.length > KEPT_MAX || length > KEPT_LENGTH_MAX) {
      const moved = record.replies;
      // Read before: what is moved now is added to it.
      const known = this.#keys();
      record.replies = [];
      record.hasReplyRows = true;
      this.#move(moved, known);
    }
    this.#holder.changed("repeatable");
  }

  clear(): void {
    const { record } = this.#holder;
    if (!record) return;
    if (record.hasReplyRows) {
      this.#blocks.reading?.exec("DELETE FROM reply_blocks");
      this.#older.reading?.exec("DELETE FROM replies");
    }
    Object.assign(record, { replies: [], hasReplyRows: false });
    this.#known = undefined;
    this.#holder.changed("repeatable");
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#blocks.forget();
    this.#older.forget();
    this.#known = undefined;
  }

  #move(replies: readonly KeptReply[], known: Map<string, number>): void {
    const text = "INSERT INTO reply_blocks (body) VALUES (?) RETURNING seq";
    const { seq } = this.#blocks.writing.exec<{ seq: number }>(text, JSON.stringify(replies)).one();
    for (const { messageId, digest } of replies) {
      const key = keyOf(messageId, digest);
      // A key that is set again would keep its old place.
      known.delete(key);
      known.set(key, seq);
    }
    this.#prune([...known.values()]);
  }

  /** `blocks`: that of each reply, oldest first. The older table goes as a whole once there are enough without it. */
  #prune(blocks: readonly number[]): void {
    const packed = blocks.filter((block) => block !== NO_BLOCK);
    if (packed.length < blocks.length && packed.length >= REPLIES_MAX) {
      this.#older.reading?.exec("DELETE FROM replies");
      this.#known = undefined;
    }
    if (packed.length < REPLIES_MAX + PRUNE_EVERY) return;
    const oldestKept = packed.at(-REPLIES_MAX) ?? NO_BLOCK;
    this.#blocks.writing.exec("DELETE FROM reply_blocks WHERE seq < ?", oldestKept);
    this.#known = undefined;
  }

  #keys(): Map<string, number> {
    this.#known ??= new Map(this.#holder.record?.hasReplyRows ? this.#storedKeys() : []);
    return this.#known;
  }

  *#storedKeys(): Generator<[string, number]> {
    const older = "SELECT message_id, digest FROM replies ORDER BY seq";
    for (const row of this.#older.reading?.exec<{ message_id: string; digest: string }>(older) ?? [])
      yield [keyOf(row.message_id, row.digest), NO_BLOCK];
    const blocks = "SELECT seq, body FROM reply_blocks ORDER BY seq";
    for (const { seq, body } of this.#blocks.reading?.exec<{ seq: number; body: string }>(blocks) ?? [])
      for (const { messageId, digest } of readReplies(body)) yield [keyOf(messageId, digest), seq];
  }

  #readBlock(seq: number): KeptReply[] {
    const rows = this.#blocks.reading?.exec<{ body: string }>(
      "SELECT body FROM reply_blocks WHERE seq = ?",
      seq,
    );
    return rows?.toArray().flatMap(({ body }) => readReplies(body)) ?? [];
  }
}

/** Only `#move` writes these. */
function readReplies(body: string): KeptReply[] {
  return JSON.parse(body) as KeptReply[];
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
