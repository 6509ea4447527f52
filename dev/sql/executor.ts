import type { Field } from "pg-protocol/dist/messages.js";

/** One statement with its parameters as Postgres text; null is SQL NULL. */
export type Statement = { query: string; params: (string | null)[] };

/** Rows are arrays of raw Postgres text, in the order of `fields`. */
export type StatementResult = {
  fields: (Omit<Field, "format"> & { format: string })[];
  rows: (string | null)[][];
  command: string;
  rowCount: number | null;
};

/** What the endpoint needs of a database. An error that Postgres reports is thrown as DatabaseError of pg-protocol. */
export type SqlExecutor = {
  run(statement: Statement): Promise<StatementResult>;
  /** Runs all statements in one transaction, opened by the statement `begin`. */
  runBatch(begin: string, statements: Statement[]): Promise<StatementResult[]>;
  /** Runs text with any number of statements; not reachable over HTTP. */
  exec(sqlText: string): Promise<void>;
  /** Runs `work` in one database session, which is closed afterwards or left as it was. */
  session<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type SqlSession = Pick<SqlExecutor, "run" | "exec">;
