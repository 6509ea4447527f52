import type { GoneCharger, SessionFactRow } from "../../ports.ts";
import { isRefusal, type Delivery } from "./deliver-facts.ts";
import { delay } from "../../within.ts";
import { Slots } from "./slots.ts";

export interface SharedSinkOptions {
  /** How long a `shared` delivery waits for others, ms. While all statements are in use, a batch waits longer. */
  windowMs: number;
  rowsMax: number;
  /** Deliveries with more rows get a statement of their own. */
  sharedRowsMax: number;
  /** Most statements in progress at once. */
  parallel: number;
  /** How long a session waits for a batch that another session sends, ms. */
  patienceMs: number;
}

/** Sends facts in one statement, with a deadline of its own. */
export type SendFacts = (rows: SessionFactRow[]) => Promise<GoneCharger[]>;

interface Batch {
  rows: SessionFactRow[];
  parcels: number;
  /** Epoch ms at which it is sent unless all slots are taken. A batch that is still unsent later has lost its owner. */
  dueAtMs: number;
  outcome: Outcome | null;
}

type Outcome = { error: unknown } | { gone: GoneCharger[] };

/** Interval at which a session checks whether a shared batch was sent. Short compared with a statement. */
const LOOK_EVERY_MS = 25;
/** How late a batch may be sent on a busy machine. */
const LATE_MS = 100;

/**
 * Joins the facts of many sessions of an isolate into few statements: a starting fleet would otherwise send hundreds of small
 * ones at once. The session that opened a batch sends it. A `soon` delivery is sent at once, without a timer, while a slot is
 * free.
 *
 * If the database refuses a batch for its values, each session repeats its own rows. If the database is away, sessions that wait
 * get the same error without trying.
 */
export class SharedSink {
  readonly #options: SharedSinkOptions;
  readonly #slots: Slots;
  #open: Batch | null = null;
  /** Last failure that the values of the facts did not cause. */
  #failure: { error: unknown; atMs: number } | null = null;

  constructor(options: SharedSinkOptions) {
    this.#options = options;
    this.#slots = new Slots(options.parallel);
  }

  /**
   * Delivers rows. `work` sends the rows of a batch that the calling session owns.
   * @throws what `work` throws
   */
  async deliver(rows: SessionFactRow[], work: SendFacts, delivery: Delivery): Promise<GoneCharger[]> {
    const isLong = rows.length > this.#options.sharedRowsMax;
    if (delivery === "alone" || isLong) return goneOf(await this.#send(rows, work), rows);
    const open = this.#hasRoom(rows) ? this.#open : null;
    const batch = open ?? newBatch(this.#options.windowMs);
    batch.rows.push(...rows);
    batch.parcels++;
    // The own statement has a deadline. The batch of another session is polled.
    const outcome = open
      ? await outcomeOf(batch, this.#options.patienceMs)
      : await this.#sendBatch(batch, work, delivery);
    if ("error" in outcome && isRefusal(outcome.error) && batch.parcels > 1)
      return this.deliver(rows, work, "alone");
    return goneOf(outcome, rows);
  }

  #hasRoom(rows: SessionFactRow[]): boolean {
    const batch = this.#open;
    if (!batch || batch.rows.length + rows.length > this.#options.rowsMax) return false;
    return Date.now() <= batch.dueAtMs || this.#slots.areTaken;
  }

  async #sendBatch(batch: Batch, work: SendFacts, delivery: Delivery): Promise<Outcome> {
    this.#open = batch;
    if (delivery === "shared") await delay(this.#options.windowMs);
    batch.outcome = await this.#send(batch.rows, work, batch);
    return batch.outcome;
  }

  async #send(rows: SessionFactRow[], work: SendFacts, batch: Batch | null = null): Promise<Outcome> {
    const waitsSinceMs = Date.now();
    const release = await this.#slots.take();
    if (this.#open === batch) this.#open = null;
    try {
      // The database failed while this delivery waited for a slot: it fails the same way, without a statement.
      if (this.#failure && this.#failure.atMs > waitsSinceMs) return { error: this.#failure.error };
      return { gone: await work(rows) };
    } catch (error) {
      if (!isRefusal(error)) this.#failure = { error, atMs: Date.now() };
      return { error };
    } finally {
      release();
    }
  }
}

function newBatch(windowMs: number): Batch {
  return { rows: [], parcels: 0, dueAtMs: Date.now() + windowMs + LATE_MS, outcome: null };
}

/** The missing chargers among those of the rows. @throws the error of the statement */
function goneOf(outcome: Outcome, rows: SessionFactRow[]): GoneCharger[] {
  if ("error" in outcome) throw outcome.error;
  return outcome.gone.filter((gone) => rows.some(({ chargerId }) => chargerId === gone.chargerId));
}

/**
 * Polls with own timers until the batch was sent. Awaiting the promise of another session would continue in that session's
 * context, where own sockets cannot be used. The session that sends the batch may end without reporting; then the wait ends by
 * its deadline.
 */
async function outcomeOf(batch: Batch, patienceMs: number): Promise<Outcome> {
  const untilMs = Date.now() + patienceMs;
  while (batch.outcome === null) {
    if (Date.now() >= untilMs) return { error: new Error("The shared statement was lost") };
    await delay(LOOK_EVERY_MS);
  }
  return batch.outcome;
}
