import { MaybeStored, Unavailable } from "../errors.ts";
import { delay } from "../within.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { retryOnce, SqlFailure, violates } from "./sql-failure.ts";

/** A row as the driver delivers it, by column name. */
export type Row = Record<string, unknown>;

/** A statement: constant text with `$n` and its parameters. */
export interface Statement {
  text: string;
  params: unknown[];
}

/** Writes with a deadline that the database enforces (docs/adr/0012). */
export interface Writes {
  /**
   * Runs an idempotent statement that its caller repeats until it succeeds: steps of runs, flushes, the sweeper.
   * @throws MaybeStored: the answer is lost. Unavailable: nothing was stored. SqlFailure
   */
  write(text: string, params: unknown[]): Promise<Row[]>;
  /**
   * Runs a statement whose result a client is told. If the answer is lost, it asks the database whether the write was
   * committed. If it was, the rows of `whenStored` are returned; without rows, or with "repeat", the statement runs
   * again.
   * @param whenStored reads the rows that the statement returned
   * @throws MaybeStored: unknown whether it was stored. Unavailable: nothing was stored, nor will be. SqlFailure
   */
  store(text: string, params: unknown[], whenStored: Statement | "repeat"): Promise<Row[]>;
}

/** Runs statements as one transaction in one HTTP request; returns the rows of each. */
export type Transaction = (statements: Statement[], timeoutMs: number) => Promise<Row[][]>;

/** What guarded writes need of a connection. */
export interface Database {
  transaction: Transaction;
  read(text: string, params: unknown[]): Promise<Row[]>;
  clock: DatabaseClock;
  /** Asks the database for its time if the clock is unknown or the last exchange failed. @throws Unavailable */
  prepare(): Promise<void>;
  limits: TimeLimits;
  /** Our clock, epoch ms. */
  now(): number;
}

/** Durations in ms, all from the moment a statement is sent. */
export interface TimeLimits {
  /** Until a caller gets its answer or an error. */
  answer: number;
  /** Until a write must be committed; the database rolls back a later one. */
  commit: number;
  /** Extra time for the answer of a write that was committed at the last moment. */
  grace: number;
  /** How long to ask for the fate of a write while the database cannot be reached. */
  lookUp: number;
  /** With less time left than this, a write is not tried again. */
  retry: number;
}

/** Default limits. `answer` allows for a database that has to start from scale-to-zero. */
export const TIME_LIMITS: TimeLimits = {
  answer: 10_000,
  commit: 8_000,
  grace: 500,
  lookUp: 2_500,
  retry: 500,
};

const FIRST_PAUSE_MS = 50;
/** SQLSTATE that `write_before` raises after the deadline (schema.sql). */
const TOO_LATE = "ZD001";

/**
 * Checks the deadline and stores the receipt. $1 deadline in epoch ms of the database's clock, $2 receipt id or null.
 */
const BEFORE = "SELECT write_before($1::float8, $2::uuid) AS clock_ms";

/**
 * Inserts the receipt of a write, so that the write itself fails if it still arrives. `abandoned` false: the write
 * was committed. Waits for the row lock of a write that is in progress.
 */
const FENCE = `INSERT INTO write_receipts AS r (id, abandoned) VALUES ($1::uuid, true)
  ON CONFLICT (id) DO UPDATE SET abandoned = r.abandoned RETURNING abandoned`;

const FORGET = `DELETE FROM write_receipts WHERE at < clock_timestamp() - interval '10 minutes'`;

const ANSWER_LOST = "The request was stored, but its answer is lost";

type Fate = "stored" | "notStored" | "unknown";

/**
 * Sends every write between two calls of `write_before` in one transaction, which fail when the database's clock has
 * passed the deadline at the start or before the commit (docs/adr/0012).
 */
export function guardedWrites(database: Database): Writes {
  return {
    write: (text, params) =>
      attempt(database, { text, params }, null, database.now() + database.limits.commit),
    store: (text, params, whenStored) => store(database, { text, params }, whenStored),
  };
}

/** Deletes receipts older than ten minutes; they are only read within seconds of the write. */
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
      // A duplicate receipt means that the request was delivered twice, and this is the answer to the second
      // delivery.
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

/**
 * Runs one transaction. Repeats it once after a serialisation failure, and once if the deadline was computed with a
 * wrong clock.
 */
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
 * Finds out whether a write was committed whose answer is lost. After "notStored" it cannot be committed any more.
 * Failed requests are repeated for `lookUp` ms; a database that hangs is waited for until the answer is due.
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
    await delay(pauseMs);
  }
}
