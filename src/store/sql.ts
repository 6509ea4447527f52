import { neon, neonConfig, NeonDbError } from "@neondatabase/serverless";
import { Unavailable } from "../errors.ts";
import type { Config } from "../env.ts";

export type Row = Record<string, unknown>;

/** Runs one statement with constant text and bound parameters. @throws Unavailable, SqlFailure */
export type Sql = (text: string, params: unknown[]) => Promise<Row[]>;

/** The database refused a statement. `code` is the SQLSTATE; the text never reaches a client. */
export class SqlFailure extends Error {
  readonly code: string;
  readonly constraint: string | null;
  constructor(code: string, constraint: string | null, cause: unknown) {
    super(`SQLSTATE ${code}`, { cause });
    this.code = code;
    this.constraint = constraint;
  }
}

export function violates(error: unknown, constraint: string): boolean {
  return error instanceof SqlFailure && error.code === "23505" && error.constraint === constraint;
}

/** Long enough for a database that wakes from scale-to-zero. */
const STATEMENT_TIMEOUT_MS = 10_000;
const RETRY_ONCE = new Set(["40001", "40P01"]);
/** Connection trouble, resources, operator intervention (restart), cancelled statement. */
const UNAVAILABLE = /^(08|53|57)/;

type Connection = Pick<Config, "DATABASE_URL" | "NEON_FETCH_ENDPOINT">;

const connections = new Map<string, Sql>();

/** The one connection of an isolate: HTTP, stateless, nothing to close. */
export function connect(env: Connection): Sql {
  const known = connections.get(env.DATABASE_URL);
  if (known) return known;
  if (env.NEON_FETCH_ENDPOINT) neonConfig.fetchEndpoint = env.NEON_FETCH_ENDPOINT;
  const query = neon(env.DATABASE_URL);
  const once: Sql = async (text, params) => {
    // Cleared when the answer is there: a timer that is left behind keeps a Durable Object awake.
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), STATEMENT_TIMEOUT_MS);
    try {
      return await query.query(text, params, { fetchOptions: { signal: deadline.signal } });
    } catch (error) {
      throw translate(error);
    } finally {
      clearTimeout(timer);
    }
  };
  const sql: Sql = async (text, params) => {
    try {
      return await once(text, params);
    } catch (error) {
      if (error instanceof SqlFailure && RETRY_ONCE.has(error.code)) return once(text, params);
      throw error;
    }
  };
  connections.set(env.DATABASE_URL, sql);
  return sql;
}

function translate(error: unknown): Error {
  if (error instanceof NeonDbError && error.code && !UNAVAILABLE.test(error.code)) {
    return new SqlFailure(error.code, error.constraint ?? null, error);
  }
  return new Unavailable("The database did not answer", { cause: error });
}
