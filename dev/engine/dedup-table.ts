import type { Clock } from "./clock.ts";
import type { Database, Query } from "./database.ts";

/** Deduplication ids of plain messages, until they expire. */
export class DedupTable {
  readonly #clock: Clock;
  readonly #find: Query<{ message_id: string }>;
  readonly #insert: Query;
  readonly #prune: Query;

  constructor(db: Database, clock: Clock) {
    this.#clock = clock;
    this.#find = db.prepare("SELECT message_id FROM dedup WHERE dedup_id = ? AND expires_at > ?");
    this.#insert = db.prepare(
      "INSERT OR REPLACE INTO dedup (dedup_id, message_id, expires_at) VALUES (?, ?, ?)",
    );
    this.#prune = db.prepare("DELETE FROM dedup WHERE expires_at <= ?");
  }

  find(dedupId: string): string | undefined {
    return this.#find.get(dedupId, this.#clock.nowMs())?.message_id;
  }

  remember(dedupId: string, messageId: string, windowMs: number): void {
    this.#insert.run(dedupId, messageId, this.#clock.nowMs() + windowMs);
  }

  prune(): void {
    this.#prune.run(this.#clock.nowMs());
  }
}
