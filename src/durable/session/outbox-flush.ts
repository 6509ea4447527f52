import type { GoneCharger, SessionFactRow } from "../../ports.ts";
import { deliverFacts, type Delivery, type FactSink } from "../facts/deliver-facts.ts";
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

  /**
   * `unseenAtMs`: time of the last message, to be told beside the facts; null: it need not be. Never throws: what did not arrive
   * stays, and the record counts the failure.
   */
  run(delivery: Delivery, unseenAtMs: number | null = null): Promise<void> {
    this.#running ??= this.#flush(delivery, unseenAtMs).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #flush(delivery: Delivery, unseenAtMs: number | null): Promise<void> {
    do {
      const { record } = this.#store;
      if (!record || record.isOrphan) return;
      const { rows, upTo } = this.#store.outbox.batch(ROWS_PER_FLUSH);
      const hasFacts = rows.length > 0;
      // A batch that ends before the present connection does not name its generation: Postgres would take that connection for known.
      const isWhole = !hasFacts || upTo === record.factSeq;
      if (isWhole && unseenAtMs !== null) {
        const { chargerId, generation } = record;
        rows.push({ chargerId, generation, atMs: unseenAtMs, fact: { type: "seen" } });
      }
      // An older release may have left the mark of an empty table.
      if (!hasFacts && this.#store.hasUnflushed) this.#store.outbox.remove(upTo);
      if (rows.length === 0) return;
      const hasArrived = await this.#deliver(rows, delivery);
      const current = this.#store.record;
      if (!current || current.isOrphan) return;
      if (hasFacts) this.#count(current, hasArrived);
      if (!hasArrived) return;
      if (hasFacts) this.#store.outbox.remove(upTo);
      if (isWhole && unseenAtMs !== null && current === record) this.#store.noteSeen(record, unseenAtMs);
    } while (this.#store.hasUnflushed);
  }

  #count(record: SessionRecord, hasArrived: boolean): void {
    const failures = hasArrived ? 0 : record.flushFailures + 1;
    if (failures === record.flushFailures) return;
    record.flushFailures = failures;
    this.#store.changed();
  }

  /** The request that deleted it never came here, or one side was restored. Without a row nothing is on record: all of it waits. */
  #gone(record: SessionRecord, { isDeleted }: GoneCharger): void {
    logEvent(record, "session.gone", { isDeleted });
    record.isOrphan = !isDeleted;
    this.#store.changed();
    this.#onGone(record, isDeleted);
  }

  async #deliver(rows: SessionFactRow[], delivery: Delivery): Promise<boolean> {
    const gone: GoneCharger[] = [];
    const hasArrived = await deliverFacts(this.#sink, rows, delivery, {
      failed: (reason) => this.#failed(reason),
      dropped: (row, error) => this.#dropped(row, error),
      gone: (chargers) => gone.push(...chargers),
    });
    const { record } = this.#store;
    const own = gone.find(({ chargerId }) => chargerId === record?.chargerId);
    if (record && own && !record.isRetired) this.#gone(record, own);
    return hasArrived;
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
