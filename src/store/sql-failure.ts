import { NeonDbError } from "@neondatabase/serverless";
import { MaybeStored, Unavailable } from "../errors.ts";

/** The database refused a statement. `code` is the SQLSTATE; the text never reaches a client. */
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

export function violates(error: unknown, constraint: string): boolean {
  return error instanceof SqlFailure && error.code === "23505" && error.constraint === constraint;
}

const RETRY_ONCE = new Set(["40001", "40P01"]);
/** Resources, a statement or a lock that took too long, a transaction left idle: nothing of it is stored. */
const REFUSED_FOR_NOW = /^(53|57014|55P03|25P03)/;
/** Connection trouble, a restart, an end that is not known: what became of the statement nobody says. */
const LOST = /^(08|57|40003)/;

/** What a failed request means. MaybeStored for everything that is not an answer of the database. */
export function translate(error: unknown): Error {
  const code = error instanceof NeonDbError ? (error.code ?? "") : "";
  if (REFUSED_FOR_NOW.test(code))
    return new Unavailable("The database refused the statement for now", { cause: error });
  if (error instanceof NeonDbError && code !== "" && !LOST.test(code)) return new SqlFailure(code, error);
  return new MaybeStored(undefined, { cause: error });
}

/** Only after failures that left nothing behind and may end otherwise. */
export async function retryOnce<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SqlFailure && RETRY_ONCE.has(error.code)) return work();
    throw error;
  }
}
