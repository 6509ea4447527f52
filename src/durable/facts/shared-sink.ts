import type { GoneCharger, SessionFactRow } from "../../ports.ts";
import { isRefusal, type Delivery } from "./deliver-facts.ts";
import { delay } from "../../within.ts";
import { Slots } from "./slots.ts";

export interface SharedSinkOptions {
  /** How long a `shared` delivery waits for others, ms. Under load a batch gathers until it may go. */
  windowMs: number;
  rowsMax: number;
  /** Longer deliveries go alone: they are a backlog, and fill a statement by themselves. */
  sharedRowsMax: number;
  /** Statements under way at once. */
  parallel: number;
  /** How long a session relies on a batch that belongs to another one, ms. */
  patienceMs: number;
}

/** Sends facts in one statement. Ends by a deadline of its own. */
export type SendFacts = (rows: SessionFactRow[]) => Promise<GoneCharger[]>;

interface Batch {
  rows: SessionFactRow[];
  parcels: number;
  /** By then it goes, unless all slots are taken; later it has lost its owner. */
  dueAtMs: number;
  outcome: Outcome | null;
}

type Outcome = { error: unknown } | { gone: GoneCharger[] };

/** Short beside a statement that others wait for. */
const LOOK_EVERY_MS = 25;
/** A statement goes out a little later than planned on a busy machine. */
const LATE_MS = 100;

/**
 * Joins the facts of many sessions of an isolate into statements, few of which are under way at once: a fleet that starts
 * together would otherwise ask a database for hundreds of small ones in a moment. A batch is sent by the session that opened
 * it. A `soon` delivery goes at once, without a timer, while fewer statements than that are under way. What the database refuses for its
 * values is delivered session by session, so that it meets only its own; while the database is away nobody asks for itself.
 */
export class SharedSink {
  readonly #options: SharedSinkOptions;
  readonly #slots: Slots;
  #open: Batch | null = null;
  /** The last one that was no fault of the facts. */
  #failure: { error: unknown; atMs: number } | null = null;

  constructor(options: SharedSinkOptions) {
    this.#options = options;
    this.#slots = new Slots(options.parallel);
  }

  /**
   * `work` sends, for the session that calls, what it has or what a batch of its own has gathered.
   * @throws what `work` throws
   */
  async deliver(rows: SessionFactRow[], work: SendFacts, delivery: Delivery): Promise<GoneCharger[]> {
    const isLong = rows.length > this.#options.sharedRowsMax;
    if (delivery === "alone" || isLong) return goneOf(await this.#send(rows, work), rows);
    const open = this.#hasRoom(rows) ? this.#open : null;
    const batch = open ?? newBatch(this.#options.windowMs);
    batch.rows.push(...rows);
    batch.parcels++;
    // The own statement has a deadline; that of another session is looked for.
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
      // Whoever waited for a database that does not answer need not find that out for itself.
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

/** Of the chargers that these rows are about. @throws the error of the statement */
function goneOf(outcome: Outcome, rows: SessionFactRow[]): GoneCharger[] {
  if ("error" in outcome) throw outcome.error;
  return outcome.gone.filter((gone) => rows.some(({ chargerId }) => chargerId === gone.chargerId));
}

/**
 * Looks whether the batch has been sent, by timers of its own: a session that went on with the promise of another one would run in
 * that one's context, where its sockets cannot be read. The session that sends the batch may have been ended meanwhile: then
 * nobody will say how it went.
 */
async function outcomeOf(batch: Batch, patienceMs: number): Promise<Outcome> {
  const untilMs = Date.now() + patienceMs;
  while (batch.outcome === null) {
    if (Date.now() >= untilMs) return { error: new Error("The shared statement was lost") };
    await delay(LOOK_EVERY_MS);
  }
  return batch.outcome;
}
