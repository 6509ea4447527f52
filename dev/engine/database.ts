import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { openSqlite } from "../part/sqlite.ts";
import { schema, schemaVersion } from "./schema.ts";

export type SqlValue = SQLInputValue;

/** A prepared statement. `Row` has the columns of its SELECT or RETURNING list. */
export class Query<Row = never> {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  all(...values: SqlValue[]): Row[] {
    return asRows<Row>(this.#statement.all(...values));
  }

  get(...values: SqlValue[]): Row | undefined {
    const row = this.#statement.get(...values);
    return row === undefined ? undefined : asRows<Row>([row])[0];
  }

  run(...values: SqlValue[]): void {
    this.#statement.run(...values);
  }

  iterate(...values: SqlValue[]): Iterable<Row> {
    return this.#statement.iterate(...values) as Iterable<unknown> as Iterable<Row>;
  }
}

// The caller of `prepare` states the row type beside the SQL.
function asRows<Row>(rows: unknown[]): Row[] {
  return rows as Row[];
}

/** The SQLite file of the engine, which only this process may open. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #afterCommit: (() => void)[] = [];

  constructor(dataFile: string) {
    this.#db = open(dataFile);
    this.#begin = this.#db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#db.prepare("COMMIT");
  }

  prepare<Row = never>(sql: string): Query<Row> {
    return new Query<Row>(this.#db.prepare(sql));
  }

  /** Runs the work in one transaction. An exception rolls it back and drops its `afterCommit` callbacks. */
  transaction<Result>(work: () => Result): Result {
    this.#begin.run();
    let result: Result;
    try {
      result = work();
      this.#commit.run();
    } catch (err) {
      this.#afterCommit = [];
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw err;
    }
    const committed = this.#afterCommit;
    this.#afterCommit = [];
    for (const effect of committed) effect();
    return result;
  }

  /** Calls back after the commit: for changes in memory that must not come before the file has them. */
  afterCommit(effect: () => void): void {
    this.#afterCommit.push(effect);
  }

  close(): void {
    this.#db.close();
  }
}

function open(dataFile: string): DatabaseSync {
  if (dataFile !== ":memory:") mkdirSync(dirname(dataFile), { recursive: true });
  let db: DatabaseSync | undefined;
  try {
    db = openSqlite(dataFile);
    // The first access takes an exclusive lock, so that a second process cannot open the file.
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    db.exec("PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY");
    prepareSchema(db, dataFile);
    return db;
  } catch (err) {
    db?.close();
    throw explained(err, dataFile);
  }
}

function prepareSchema(db: DatabaseSync, dataFile: string): void {
  db.exec("BEGIN IMMEDIATE");
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  if (tables.length === 0) {
    db.exec(schema);
    db.prepare("INSERT INTO meta VALUES ('schema_version', ?)").run(schemaVersion);
  } else if (storedVersion(db) !== schemaVersion) {
    throw new Error(`${dataFile} has an unknown schema version; delete this file to start empty`);
  }
  db.exec("COMMIT");
}

function storedVersion(db: DatabaseSync): unknown {
  const hasMeta = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'meta'").get() !== undefined;
  return hasMeta
    ? db.prepare("SELECT value FROM meta WHERE key = 'schema_version'").get()?.["value"]
    : undefined;
}

/** The error with the file name and what to do about it. */
export function explained(err: unknown, dataFile: string): Error {
  const message = err instanceof Error ? err.message : String(err);
  if (message.startsWith(dataFile)) return new Error(message);
  if (/database is locked/.test(message)) {
    return new Error(`${dataFile} is in use by another process (database is locked)`);
  }
  if (/not a database|malformed|corrupt/.test(message)) {
    return new Error(
      `${dataFile} is damaged, it is no data file of the engine (${message}). Put it back from a copy, or delete it: ` +
        "open jobs are then taken up again within minutes",
    );
  }
  return new Error(`${dataFile}: ${message}`);
}
