import { setTimeout as delay } from "node:timers/promises";
import { DatabaseError } from "pg-protocol";
import type { SqlSession } from "../sql/executor.ts";
import type { Migration } from "./read-migrations.ts";

/** Key of the advisory lock that allows one run of migrations at a time per database. */
const ADVISORY_LOCK = 7_201_936_054;
/** Short, because all later statements on a table wait behind a statement that waits for its lock. */
const LOCK_TIMEOUT_MS = 500;
const PAUSE_MS = 1_000;
const PATIENCE_MS = 10 * 60_000;

/** SQLSTATEs after which a migration is tried again: lock not available, deadlock detected. */
const TRY_AGAIN = new Set(["55P03", "40P01"]);

export interface MigrationRun {
  /** All migrations of this version, in their order. */
  migrations: Migration[];
  applied?: (migration: Migration) => void;
  /** Called when another transaction holds a lock that is needed, before the next try. */
  waits?: (migration: Migration) => void;
  /** How long to wait for a lock that another transaction holds. */
  patienceMs?: number;
  pauseMs?: number;
}

/**
 * Migrates a database to this version: an empty one, one of any earlier version, or one made before there were migrations.
 * Each migration is applied at most once, also by concurrent runs. Migrations of a later version are ignored.
 * @throws Error when a lock is not free in time or a migration fails. Migrations applied before stay applied.
 */
export async function applyMigrations(session: SqlSession, run: MigrationRun): Promise<Migration[]> {
  if ((await pending(session, run.migrations)).length === 0) return [];
  await lock(session, run);
  try {
    await session.exec(`SET statement_timeout = 0; ${TABLE}`);
    const todo = await pending(session, run.migrations);
    for (const migration of todo) {
      await (migration.isConcurrent
        ? applyOneByOne(session, migration)
        : applyAtOnce(session, migration, run));
      run.applied?.(migration);
    }
    return todo;
  } finally {
    // When the session is lost, its lock is free anyway.
    await session.exec(UNLOCK).catch(() => undefined);
  }
}

const UNLOCK = `SELECT pg_advisory_unlock(${ADVISORY_LOCK}); RESET statement_timeout; RESET lock_timeout`;

const TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT NULL,
  checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`;

/** @throws Error when an applied migration has been changed or renamed since */
async function pending(session: SqlSession, migrations: Migration[]): Promise<Migration[]> {
  const [[table] = []] = await rows(session, "SELECT to_regclass('schema_migrations')");
  if (!table) return migrations;
  const seen = await rows(session, "SELECT version, name, checksum FROM schema_migrations");
  const byVersion = new Map(seen.map(([version, name, checksum]) => [Number(version), { name, checksum }]));
  return migrations.filter(({ version, name, checksum }) => {
    const known = byVersion.get(version);
    if (known && known.checksum !== checksum)
      throw new Error(
        `This database has another migration ${known.name}. Migrations are never changed: add one.`,
      );
    if (known && known.name !== name) throw new Error(`Migration ${known.name} is now called ${name}.`);
    return !known;
  });
}

/** Polls for the lock, because a session that waits inside of a statement would block CREATE INDEX CONCURRENTLY. */
async function lock(session: SqlSession, { patienceMs = PATIENCE_MS, pauseMs = PAUSE_MS }: MigrationRun) {
  const until = Date.now() + patienceMs;
  for (;;) {
    const [[won] = []] = await rows(session, `SELECT pg_try_advisory_lock(${ADVISORY_LOCK})`);
    if (won === "t") return;
    if (Date.now() > until) throw new Error("Another run of migrations does not end. Nothing was changed.");
    await delay(pauseMs);
  }
}

/** Applies a migration in one transaction. Each try blocks other transactions no longer than the lock timeout. */
async function applyAtOnce(session: SqlSession, migration: Migration, run: MigrationRun): Promise<void> {
  const { patienceMs = PATIENCE_MS, pauseMs = PAUSE_MS } = run;
  const until = Date.now() + patienceMs;
  for (;;) {
    try {
      return await session.exec(
        `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS};\n${migration.text}\n;${record(migration)}; COMMIT`,
      );
    } catch (error) {
      // When the session is lost, its transaction is rolled back anyway.
      await session.exec("ROLLBACK").catch(() => undefined);
      if (!(error instanceof DatabaseError && TRY_AGAIN.has(error.code ?? "")))
        throw failed(migration, error);
      if (Date.now() > until)
        throw new Error(
          `${migration.name} waits for a transaction that does not end, and was not applied. Its tables are locked.`,
          { cause: error },
        );
      run.waits?.(migration);
      await delay(pauseMs);
    }
  }
}

/** Runs the statements one by one, without a lock timeout: nothing waits behind them while they wait for open transactions. */
async function applyOneByOne(session: SqlSession, migration: Migration): Promise<void> {
  await session.exec("SET lock_timeout = 0");
  try {
    for (const statement of statementsOf(migration.text)) {
      const index = /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS (\w+)/.exec(statement)?.[1];
      if (index && (await isHalfBuilt(session, index)))
        await session.exec(`DROP INDEX CONCURRENTLY ${index}`);
      await session.exec(statement);
    }
    await session.exec(record(migration));
  } catch (error) {
    throw failed(migration, error);
  }
}

/** Splits the text of a concurrent migration at semicolons, which its statements do not contain. */
export function statementsOf(text: string): string[] {
  const bare = text.replaceAll(/--.*$/gm, "");
  return bare.split(";").flatMap((statement) => statement.trim() || []);
}

/** Whether an interrupted build has left an invalid index, which no query uses. */
async function isHalfBuilt(session: SqlSession, index: string): Promise<boolean> {
  const found = await rows(
    session,
    `SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('${index}') AND NOT indisvalid`,
  );
  return found.length > 0;
}

function record({ version, name, checksum }: Migration): string {
  return `INSERT INTO schema_migrations (version, name, checksum) VALUES (${version}, '${name}', '${checksum}')`;
}

function failed({ name }: Migration, error: unknown): Error {
  return new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

async function rows(session: SqlSession, query: string): Promise<(string | null)[][]> {
  return (await session.run({ query, params: [] })).rows;
}
