import type { CallFrame } from "../../ocpp/frame.ts";

const REPLIES_MAX = 256;

/**
 * What we answered to the last CALLs: a repeat with the same id, action and payload gets the same answer and has no second
 * effect. The same id with another payload is a new message: some firmware restarts its counter at boot.
 */
export class ReplyCache {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(call: CallFrame): string | null {
    const [row] = this.#sql
      .exec<{ response: string }>(
        "SELECT response FROM replies WHERE message_id = ? AND digest = ? ORDER BY seq DESC LIMIT 1",
        call.id,
        digestOf(call),
      )
      .toArray();
    return row?.response ?? null;
  }

  store(call: CallFrame, response: string): void {
    const values = [call.id, digestOf(call), response];
    this.#sql.exec("INSERT INTO replies (message_id, digest, response) VALUES (?, ?, ?)", ...values);
    this.#sql.exec("DELETE FROM replies WHERE seq <= (SELECT max(seq) FROM replies) - ?", REPLIES_MAX);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM replies");
  }
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
