import { MaybeStored, Unavailable } from "../errors.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { retryOnce, SqlFailure, violates } from "./sql-failure.ts";
import type { Row, Statement } from "./sql.ts";

export interface Writes {
  /**
   * Writes what its caller repeats until it has succeeded, and what may be repeated: steps of runs, flushes, the sweeper.
   * @throws MaybeStored when the answer is lost
   */
  write(text: string, params: unknown[]): Promise<Row[]>;
  /**
   * Writes what a client is answered for. When the answer is lost, the database is asked whether it was stored; what was is
   * answered with the rows of `whenStored`, or by repeating the statement where that has none or is "repeat".
   * @param whenStored a read that returns what the statement returned
   * @throws MaybeStored when that cannot be found out either, Unavailable when nothing was stored and nothing will be
   */
  store(text: string, params: unknown[], whenStored: Statement | "repeat"): Promise<Row[]>;
}

/** Several statements in one request: all of them or none. */
export type Transaction = (statements: Statement[], timeoutMs: number) => Promise<Row[][]>;

export interface Database {
  transaction: Transaction;
  read(text: string, params: unknown[]): Promise<Row[]>;
  clock: DatabaseClock;
  /** Makes sure that the clock is known and that the database answers, where that is in doubt. @throws Unavailable */
  prepare(): Promise<void>;
  limits: TimeLimits;
  /** Our own clock, epoch ms. */
  now(): number;
}

/** From when a statement is sent, in ms. */
export interface TimeLimits {
  /** A caller has its answer. */
  answer: number;
  /** The database is through with a write; what it has not committed by then it drops. */
  commit: number;
  /** How much later the answer of what was committed at the last moment may come. */
  grace: number;
  /** How long a lost answer is asked after while the database cannot be reached at all. */
  lookUp: number;
  /** Less is not worth another try. */
  retry: number;
}

/** The first is long enough for a database that wakes from scale-to-zero. */
export const TIME_LIMITS: TimeLimits = {
  answer: 10_000,
  commit: 8_000,
  grace: 500,
  lookUp: 2_500,
  retry: 500,
};

const FIRST_PAUSE_MS = 50;
/** Of `write_before` in schema.sql. */
const TOO_LATE = "ZD001";

/** $1 is the deadline by the database's clock in ms, $2 the receipt of this write or null. */
const BEFORE = "SELECT write_before($1::float8, $2::uuid) AS clock_ms";

/** Leaves a receipt that the write itself cannot leave any more, unless it has. Waits while the write is under way. */
const FENCE = `INSERT INTO write_receipts AS r (id, abandoned) VALUES ($1::uuid, true)
  ON CONFLICT (id) DO UPDATE SET abandoned = r.abandoned RETURNING abandoned`;

const FORGET = `DELETE FROM write_receipts WHERE at < clock_timestamp() - interval '10 minutes'`;

const ANSWER_LOST = "The request was stored, but its answer is lost";

type Fate = "stored" | "notStored" | "unknown";

/**
 * Every write goes out between two calls of `write_before` in one transaction: before it begins and before it is committed
 * the database's own clock must not have passed the deadline (docs/adr/0012).
 */
export function guardedWrites(database: Database): Writes {
  return {
    write: (text, params) =>
      attempt(database, { text, params }, null, database.now() + database.limits.commit),
    store: (text, params, whenStored) => store(database, { text, params }, whenStored),
  };
}

/** Receipts are asked for within seconds; later ones serve nobody. */
export async function forgetReceipts(sql: Writes): Promise<void> {
  await sql.write(FORGET, []);
}

async function store(database: Database, statement: Statement, whenStored: Statement | "repeat") {
  const { limits, now } = database;
  const beganAtMs = now();
  const storeByMs = beganAtMs + limits.commit;
  for (;;) {
    const receipt = crypto.randomUUID();
    try {
      return await attempt(database, statement, receipt, storeByMs);
    } catch (error) {
      // A receipt that is there already: the request came twice on its way, and this is the answer of the second.
      if (!(error instanceof MaybeStored) && !violates(error, "write_receipts_pkey")) throw error;
      const fate = await fateOf(database, receipt, beganAtMs + limits.answer);
      if (fate === "unknown") throw error;
      const isLate = now() + limits.retry > storeByMs;
      if (fate === "notStored" && isLate) throw new Unavailable("Nothing was stored", { cause: error });
      const rows = fate === "stored" ? await answerOf(database, whenStored) : [];
      if (rows.length > 0) return rows;
      if (isLate) throw new MaybeStored(ANSWER_LOST, { cause: error });
    }
  }
}

async function answerOf(database: Database, whenStored: Statement | "repeat"): Promise<Row[]> {
  if (whenStored === "repeat") return [];
  return database.read(whenStored.text, whenStored.params).catch((error: unknown) => {
    throw new MaybeStored(ANSWER_LOST, { cause: error });
  });
}

/** One transaction, repeated once where the database asks for it or where its clock was wrongly known. */
async function attempt(
  database: Database,
  statement: Statement,
  receipt: string | null,
  storeByMs: number,
): Promise<Row[]> {
  await database.prepare();
  const once = () => retryOnce(() => guarded(database, statement, receipt, storeByMs));
  return once().catch((error: unknown) => {
    if (!isTooLate(error)) throw error;
    if (database.now() + database.limits.retry < storeByMs) return once().catch(unlessTooLate);
    throw new Unavailable("The database came too late", { cause: error });
  });
}

async function guarded(
  { transaction, clock, limits, now }: Database,
  statement: Statement,
  receipt: string | null,
  storeByMs: number,
): Promise<Row[]> {
  const sentAtMs = now();
  const deadlineMs = clock.at(storeByMs);
  const timeoutMs = storeByMs + limits.grace - sentAtMs;
  const begin = { text: BEFORE, params: [deadlineMs, receipt] };
  const end = { text: BEFORE, params: [deadlineMs, null] };
  try {
    const [begun, rows] = await transaction([begin, statement, end], timeoutMs);
    clock.observe(Number(begun?.[0]?.["clock_ms"]), sentAtMs, now());
    return rows ?? [];
  } catch (error) {
    if (isTooLate(error)) clock.observe(Number(error.detail), sentAtMs, now());
    throw error;
  }
}

function isTooLate(error: unknown): error is SqlFailure {
  return error instanceof SqlFailure && error.code === TOO_LATE;
}

function unlessTooLate(error: unknown): never {
  throw isTooLate(error) ? new Unavailable("The database came too late", { cause: error }) : error;
}

/**
 * What became of a write whose answer is lost. From "notStored" on it cannot be stored any more. Short failures are borne
 * for a moment; a database that hangs is waited for until the answer is due.
 */
async function fateOf(database: Database, receipt: string, answerByMs: number): Promise<Fate> {
  const giveUpAtMs = Math.min(database.now() + database.limits.lookUp, answerByMs);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    try {
      const untilMs = answerByMs - database.limits.grace;
      const [row] = await guarded(database, { text: FENCE, params: [receipt] }, null, untilMs);
      return row?.["abandoned"] === true ? "notStored" : "stored";
    } catch (error) {
      if (!(error instanceof Unavailable) && !isTooLate(error)) throw error;
    }
    if (database.now() + pauseMs > giveUpAtMs) return "unknown";
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
