import { neon, neonConfig } from "@neondatabase/serverless";
import type { Config } from "../env.ts";
import { MaybeStored, Unavailable } from "../errors.ts";
import { DatabaseClock } from "./database-clock.ts";
import { guardedWrites, TIME_LIMITS } from "./guarded-writes.ts";
import type { Row, Statement, Transaction, Writes } from "./guarded-writes.ts";
import { retryOnce, translate } from "./sql-failure.ts";

export type { Row } from "./guarded-writes.ts";
export { SqlFailure, violates } from "./sql-failure.ts";

/** Access to Postgres. Each call is one HTTP request. @throws Unavailable, SqlFailure */
export interface Sql extends Writes {
  /** Runs one statement that only reads; a text that writes is refused before it is sent. */
  read(text: string, params: unknown[]): Promise<Row[]>;
}

/** Words of a writing statement. `FOR UPDATE` only locks rows; `DO UPDATE` only follows an INSERT. */
const WRITES =
  /\b(INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE|CREATE|ALTER|DROP)\b|(?<!\b(FOR|KEY|DO)\s+)\bUPDATE\s+[\w"]/i;
const TEXTS_MAX = 1000;

const CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS clock_ms";

type Connection = Pick<Config, "DATABASE_URL" | "NEON_FETCH_ENDPOINT">;

const connections = new Map<string, Sql>();

/** The Postgres client of an isolate. It works over HTTP, holds no connection and needs no close. */
export function connect(env: Connection, { limits = TIME_LIMITS, now = Date.now } = {}): Sql {
  const known = connections.get(env.DATABASE_URL);
  if (known) return known;
  if (env.NEON_FETCH_ENDPOINT) neonConfig.fetchEndpoint = env.NEON_FETCH_ENDPOINT;
  const query = neon(env.DATABASE_URL);
  // True after a failed exchange: the next write first asks the database for its time, so that it is not sent if
  // nobody answers.
  let isDoubtful = false;
  const within = async <T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      const result = await withDeadline(timeoutMs, work);
      isDoubtful = false;
      return result;
    } catch (error) {
      isDoubtful = error instanceof MaybeStored;
      throw error;
    }
  };
  const transaction: Transaction = (statements, timeoutMs) =>
    within(timeoutMs, (signal) =>
      query.transaction(
        statements.map(({ text, params }) => query.query(text, params)),
        { fetchOptions: { signal } },
      ),
    );
  const clock = new DatabaseClock();
  const readWithClock = async (statements: Statement[]): Promise<Row[]> => {
    const sentAtMs = now();
    const [read, rows] = await transaction([{ text: CLOCK, params: [] }, ...statements], limits.answer);
    clock.observe(Number(read?.[0]?.["clock_ms"]), sentAtMs, now());
    return rows ?? [];
  };
  const readOnce = (text: string, params: unknown[]): Promise<Row[]> => {
    if (!clock.isKnown) return readWithClock([{ text, params }]);
    const send = (signal: AbortSignal) => query.query(text, params, { fetchOptions: { signal } });
    return within(limits.answer, send);
  };
  const read = async (text: string, params: unknown[]): Promise<Row[]> => {
    if (writesData(text)) throw new TypeError("A statement that writes goes through sql.write or sql.store");
    return retryOnce(() => readOnce(text, params)).catch((error: unknown) => {
      throw error instanceof MaybeStored ? unanswered(error) : error;
    });
  };
  const prepare = async () => {
    if (!clock.isKnown || isDoubtful)
      await readWithClock([]).catch((error: unknown) => Promise.reject(unanswered(error)));
  };
  const sql: Sql = { read, ...guardedWrites({ transaction, read, clock, prepare, limits, now }) };
  connections.set(env.DATABASE_URL, sql);
  return sql;
}

/** A failed read stored nothing, so its error is Unavailable, not MaybeStored. */
function unanswered(cause: unknown): Unavailable {
  return new Unavailable("The database did not answer", { cause });
}

const judged = new Map<string, boolean>();

/** Whether a statement writes. Texts are constant, so each is examined once per isolate. */
export function writesData(text: string): boolean {
  const answer = judged.get(text) ?? WRITES.test(text);
  if (judged.size < TEXTS_MAX) judged.set(text, answer);
  return answer;
}

async function withDeadline<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  // The timer is cleared with the answer: a pending timer keeps a Durable Object awake.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    return await work(deadline.signal);
  } catch (error) {
    throw translate(error);
  } finally {
    clearTimeout(timer);
  }
}
