import type { CallFrame } from "../../ocpp/frame.ts";

const REPLIES_MAX = 256;
/** Replies stored between two removals of what is over the bound. */
const PRUNE_EVERY = 64;

/**
 * What we answered to the last CALLs: a repeat with the same id, action and payload gets the same answer and has no second
 * effect. The same id with another payload is a new message: some firmware restarts its counter at boot.
 */
export class ReplyCache {
  readonly #sql: SqlStorage;
  /** Keys of the stored replies, oldest first; read once, because a query per CALL costs more than the CALL. */
  #keys: Set<string> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(call: CallFrame): string | null {
    const digest = digestOf(call);
    if (!this.#known().has(keyOf(call.id, digest))) return null;
    const [row] = this.#sql
      .exec<{ response: string }>(
        "SELECT response FROM replies WHERE message_id = ? AND digest = ? ORDER BY seq DESC LIMIT 1",
        call.id,
        digest,
      )
      .toArray();
    return row?.response ?? null;
  }

  store(call: CallFrame, response: string): void {
    const digest = digestOf(call);
    const keys = this.#known();
    this.#sql.exec(
      "INSERT INTO replies (message_id, digest, response) VALUES (?, ?, ?)",
      call.id,
      digest,
      response,
    );
    keys.add(keyOf(call.id, digest));
    if (keys.size < REPLIES_MAX + PRUNE_EVERY) return;
    this.#sql.exec("DELETE FROM replies WHERE seq <= (SELECT max(seq) FROM replies) - ?", REPLIES_MAX);
    this.#keys = undefined;
  }

  clear(): void {
    this.#sql.exec("DELETE FROM replies");
    this.forget();
  }

  /** What is stored has changed under the cache: look again. */
  forget(): void {
    this.#keys = undefined;
  }

  #known(): Set<string> {
    this.#keys ??= new Set(
      this.#sql
        .exec<{ message_id: string; digest: string }>("SELECT message_id, digest FROM replies ORDER BY seq")
        .toArray()
        .map((row) => keyOf(row.message_id, row.digest)),
    );
    return this.#keys;
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
