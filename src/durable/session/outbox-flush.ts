import type { GoneCharger, SessionFactRow } from "../../ports.ts";
import { deliverFacts, type FactSink } from "../facts/deliver-facts.ts";
import { logEvent } from "./storage/log-event.ts";
import type { SessionRecord } from "./storage/session-record.ts";
import type { SessionStore } from "./storage/session-store.ts";

const ROWS_PER_FLUSH = 200;

/** Brings the outbox to Postgres. A row is forgotten only after it has arrived; arriving twice does no harm there. */
export class OutboxFlush {
  readonly #store: SessionStore;
  readonly #sink: FactSink;
  readonly #onGone: (record: SessionRecord, isDeleted: boolean) => void;
  #running: Promise<void> | null = null;

  /** `onGone`: the charger has no living row, so nothing of it may go on. */
  constructor(
    store: SessionStore,
    sink: FactSink,
    onGone: (record: SessionRecord, isDeleted: boolean) => void,
  ) {
    this.#store = store;
    this.#sink = sink;
    this.#onGone = onGone;
  }

  /** `lastMessageAtMs` rides along. Never throws: what did not arrive stays, and the record counts the failure. */
  run(lastMessageAtMs: number | null): Promise<void> {
    this.#running ??= this.#flush(lastMessageAtMs).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #flush(lastMessageAtMs: number | null): Promise<void> {
    while (this.#store.hasUnflushed && !this.#store.record?.isOrphan) {
      const { rows, upTo } = this.#store.outbox.batch(ROWS_PER_FLUSH);
      const record = this.#store.record;
      // Beside facts of an earlier line alone it would seem to belong to that line, and the news of the present one would come too late.
      const isWhole = upTo === record?.factSeq;
      if (record && isWhole && lastMessageAtMs !== null && lastMessageAtMs > record.seenAtMs) {
        const { chargerId, generation } = record;
        rows.push({ chargerId, generation, atMs: lastMessageAtMs, fact: { type: "seen" } });
      }
      const { hasArrived, gone } = await this.#deliver(rows);
      if (!this.#store.record) return;
      const current = this.#store.record;
      const own = gone.find(({ chargerId }) => chargerId === current.chargerId);
      if (own && !current.isRetired) this.#gone(current, own);
      if (current.isOrphan) return;
      current.flushFailures = hasArrived ? 0 : current.flushFailures + 1;
      if (hasArrived && isWhole && current === record)
        current.seenAtMs = Math.max(current.seenAtMs, lastMessageAtMs ?? 0);
      if (hasArrived) this.#store.outbox.remove(upTo);
      this.#store.frames.write();
      this.#store.save(current);
      if (!hasArrived) return;
    }
  }

  /** The request that deleted it never came here, or one side was restored. Without a row nothing is on record: all of it waits. */
  #gone(record: SessionRecord, { isDeleted }: GoneCharger): void {
    logEvent(record, "session.gone", { isDeleted });
    record.isOrphan = !isDeleted;
    this.#onGone(record, isDeleted);
    this.#store.save(record);
  }

  async #deliver(rows: SessionFactRow[]): Promise<{ hasArrived: boolean; gone: GoneCharger[] }> {
    const gone: GoneCharger[] = [];
    const hasArrived = await deliverFacts(this.#sink, rows, {
      failed: (reason) => this.#failed(reason),
      dropped: (row, error) => this.#dropped(row, error),
      gone: (chargers) => gone.push(...chargers),
    });
    return { hasArrived, gone };
  }

  #failed(reason: string): void {
    const record = this.#store.record;
    if (record) logEvent(record, "session.flushFailed", { reason, failures: record.flushFailures + 1 });
  }

  #dropped({ fact }: SessionFactRow, { message }: Error): void {
    const record = this.#store.record;
    if (record) logEvent(record, "session.factRefused", { fact: fact.type, reason: message });
  }
}
