import { NeonDbError } from "@neondatabase/serverless";
import { MaybeStored, Unavailable } from "../errors.ts";

/** Postgres answered a statement with an error. `code` is its SQLSTATE. The message must not reach a client. */
export class SqlFailure extends Error {
  readonly code: string;
  readonly constraint: string | null;
  readonly detail: string | null;
  constructor(code: string, cause: NeonDbError) {
    super(`SQLSTATE ${code}`, { cause });
    this.code = code;
    this.constraint = cause.constraint ?? null;
    this.detail = cause.detail ?? null;
  }
}

/** Whether a statement failed because of this constraint. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof SqlFailure && error.code === "23505" && error.constraint === constraint;
}

const RETRY_ONCE = new Set(["40001", "40P01"]);
/** SQLSTATEs of temporary refusals that stored nothing: resources, statement or lock timeout, idle transaction. */
const REFUSED_FOR_NOW = /^(53|57014|55P03|25P03)/;
/**
 * SQLSTATEs after which it is unknown whether the statement was committed: connection lost, restart, unknown result.
 */
const LOST = /^(08|57|40003)/;

/**
 * Error for a failed request: SqlFailure or Unavailable for an answer of the database, MaybeStored for everything
 * else.
 */
export function translate(error: unknown): Error {
  const code = error instanceof NeonDbError ? (error.code ?? "") : "";
  if (REFUSED_FOR_NOW.test(code))
    return new Unavailable("The database refused the statement for now", { cause: error });
  if (error instanceof NeonDbError && code !== "" && !LOST.test(code)) return new SqlFailure(code, error);
  return new MaybeStored(undefined, { cause: error });
}

/** Repeats work once after a serialisation failure or deadlock, which stored nothing and may not occur again. */
export async function retryOnce<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SqlFailure && RETRY_ONCE.has(error.code)) return work();
    throw error;
  }
}
