/** One statement with its parameters as Postgres text; null is SQL NULL. */
export type Statement = { query: string; params: (string | null)[] };

export type ResultField = {
  name: string;
  tableID: number;
  columnID: number;
  dataTypeID: number;
  dataTypeSize: number;
  dataTypeModifier: number;
  format: string;
};

/** Rows are arrays of raw Postgres text, in the order of `fields`. */
export type StatementResult = {
  fields: ResultField[];
  rows: (string | null)[][];
  command: string;
  rowCount: number | null;
};

/** What the endpoint needs of a database. Failures of Postgres are thrown as PostgresError. */
export type SqlExecutor = {
  run(statement: Statement): Promise<StatementResult>;
  /** Runs all statements in one transaction opened by `begin`; all or nothing. */
  runBatch(begin: string, statements: Statement[]): Promise<StatementResult[]>;
  /** Runs text with any number of statements; not reachable over HTTP. */
  exec(sqlText: string): Promise<void>;
  /** All that `work` does happens in one session of the database, which ends with it or is left as it was. */
  session<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type SqlSession = Pick<SqlExecutor, "run" | "exec">;

export const postgresErrorFields = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

export type PostgresErrorFields = Partial<Record<(typeof postgresErrorFields)[number], string>>;

/** An error the database itself reported, with the fields of its ErrorResponse. */
export class PostgresError extends Error {
  readonly fields: PostgresErrorFields;

  constructor(message: string, fields: PostgresErrorFields) {
    super(message);
    this.name = "PostgresError";
    this.fields = fields;
  }
}
