import type { SessionFactRow } from "../../ports.ts";
import type { FactSink } from "./fact-sink.ts";
import { logEvent } from "./log-event.ts";
import type { SessionStore } from "./session-store.ts";

const ROWS_PER_FLUSH = 200;

/** Brings the outbox to Postgres. A row is forgotten only after it has arrived; arriving twice does no harm there. */
export class OutboxFlush {
  readonly #store: SessionStore;
  readonly #sink: FactSink;
  #running: Promise<void> | null = null;

  constructor(store: SessionStore, sink: FactSink) {
    this.#store = store;
    this.#sink = sink;
  }

  /** `lastMessageAtMs` rides along. Never throws: what did not arrive stays, and the record counts the failure. */
  run(lastMessageAtMs: number | null): Promise<void> {
    this.#running ??= this.#flush(lastMessageAtMs).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #flush(lastMessageAtMs: number | null): Promise<void> {
    while (this.#store.hasUnflushed) {
      const { rows, upTo } = this.#store.outbox.batch(ROWS_PER_FLUSH);
      const record = this.#store.record;
      if (record && lastMessageAtMs !== null && lastMessageAtMs > record.seenAtMs) {
        const { chargerId, generation } = record;
        rows.push({ chargerId, generation, atMs: lastMessageAtMs, fact: { type: "seen" } });
      }
      const hasArrived = await this.#deliver(rows);
      if (!this.#store.record) return;
      const current = this.#store.record;
      current.flushFailures = hasArrived ? 0 : current.flushFailures + 1;
      if (hasArrived && current === record)
        current.seenAtMs = Math.max(current.seenAtMs, lastMessageAtMs ?? 0);
      if (hasArrived) this.#store.outbox.remove(upTo);
      this.#store.frames.write();
      this.#store.save(current);
      if (!hasArrived) return;
    }
  }

  /** A row that the database refuses on its own is dropped: kept, it would hold up all that come after it. */
  async #deliver(rows: SessionFactRow[]): Promise<boolean> {
    try {
      await this.#sink(rows);
      return true;
    } catch (error) {
      if (!isRefusal(error)) return this.#failed(error);
      if (rows.length === 1) return this.#dropped(rows[0], error);
    }
    for (const row of rows) if (!(await this.#deliver([row]))) return false;
    return true;
  }

  #failed(error: unknown): false {
    const record = this.#store.record;
    const reason = error instanceof Error ? error.message : "unknown";
    if (record) logEvent(record, "session.flushFailed", { reason, failures: record.flushFailures + 1 });
    return false;
  }

  #dropped(row: SessionFactRow | undefined, { message }: Error): true {
    const record = this.#store.record;
    if (record) logEvent(record, "session.factRefused", { fact: row?.fact.type ?? null, reason: message });
    return true;
  }
}

/** SQLSTATE classes 22 and 23: the values themselves are at fault, and a repeat ends the same way. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^2[23]/.test(String(error.code));
}
