import { PGlite } from "@electric-sql/pglite";
import type { PGliteOptions } from "@electric-sql/pglite";
import { btree_gist } from "@electric-sql/pglite/contrib/btree_gist";
import { citext } from "@electric-sql/pglite/contrib/citext";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { unaccent } from "@electric-sql/pglite/contrib/unaccent";
import { LockHeld, takeProcessLock } from "../stack/process-lock.ts";
import { createDataDir } from "./create-data-dir.ts";
import type { SqlExecutor, SqlSession, Statement, StatementResult } from "./executor.ts";
import { StatementCache } from "./statement-cache.ts";
import { decodeAnswer, encodeSimpleQuery, encodeStatements, type DecodedAnswer } from "./wire-protocol.ts";

// The default of 160 MB would all be resident memory of this process.
const startParams = [...PGlite.defaultStartParams, "-c", "shared_buffers=16MB"];

const TIDY_INTERVAL_MS = 10_000;
const IDLE_AFTER_MS = 2_000;
const WRITTEN_BYTES_MAX_IDLE = 32 * 1024 * 1024;
const WRITTEN_BYTES_MAX_BUSY = 256 * 1024 * 1024;

export type PgliteOptions = {
  /** A directory, created when missing, or "memory". */
  dataDir: string;
  /** Loads pgcrypto, which costs a quarter of the memory and start time and is seldom needed. */
  withPgcrypto?: boolean;
};

/**
 * PostgreSQL in this process, with one connection. Each request is one exchange of protocol messages, which PGlite executes
 * synchronously, so that nothing can come between the statements of a batch.
 */
export async function openPglite(options: PgliteOptions): Promise<SqlExecutor> {
  const inMemory = options.dataDir === "memory";
  const lock = inMemory ? undefined : lockDirectory(options.dataDir);
  try {
    if (!inMemory) await createDataDir(options.dataDir);
    const pgliteOptions: PGliteOptions = {
      dataDir: inMemory ? "memory://" : options.dataDir,
      extensions: { btree_gist, citext, pg_trgm, unaccent, ...(options.withPgcrypto ? { pgcrypto } : {}) },
      startParams,
    };
    const db = await PGlite.create(pgliteOptions).catch((error: unknown) => {
      throw inMemory ? error : new Error(damaged(options.dataDir, error));
    });
    return new PgliteExecutor(db, () => lock?.release());
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** PGlite lets two processes open one directory, and both damage it. @throws Error naming the process that has it */
function lockDirectory(dataDir: string) {
  try {
    return takeProcessLock(`${dataDir}.lock`);
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    throw new Error(`data directory ${dataDir} is in use by process ${error.pid ?? "unknown"}`, {
      cause: error,
    });
  }
}

/** The message of an error of PGlite with the directory and what to do about it. */
function damaged(dataDir: string, error: unknown): string {
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\. Build with .*$/, "");
  return (
    `${dataDir} is damaged or of another version, it cannot be opened as a database (${reason}). Put it back from a ` +
    "copy, or start empty with another data directory."
  );
}

class PgliteExecutor implements SqlExecutor {
  readonly #db: PGlite;
  readonly #release: () => void;
  readonly #tidyTimer: NodeJS.Timeout;
  readonly #statements = new StatementCache();
  #lastExchangeAtMs = 0;

  constructor(db: PGlite, release: () => void) {
    this.#db = db;
    this.#release = release;
    this.#tidyTimer = setInterval(() => void this.#tidyUp(), TIDY_INTERVAL_MS);
  }

  async run(statement: Statement): Promise<StatementResult> {
    const { results } = await this.#execute([statement]);
    return results[0] ?? { fields: [], rows: [], command: "", rowCount: null };
  }

  async runBatch(begin: string, statements: Statement[]): Promise<StatementResult[]> {
    const all = [{ query: begin, params: [] }, ...statements, { query: "COMMIT", params: [] }];
    const { results } = await this.#execute(all);
    return results.slice(1, -1);
  }

  async exec(sqlText: string): Promise<void> {
    await this.#exchange(encodeSimpleQuery(sqlText));
    // The text may have changed a table: plans made before would answer with its old columns.
    await this.#forgetStatements();
  }

  /** PGlite has only one session. */
  session<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return work(this);
  }

  async close(): Promise<void> {
    clearInterval(this.#tidyTimer);
    try {
      await this.#db.close();
    } finally {
      this.#release();
    }
  }

  /** Runs `tidyUp` early while the database is idle, and later when it is busy. */
  async #tidyUp(): Promise<void> {
    const isIdle = performance.now() - this.#lastExchangeAtMs > IDLE_AFTER_MS;
    try {
      await tidyUp(this, isIdle ? WRITTEN_BYTES_MAX_IDLE : WRITTEN_BYTES_MAX_BUSY);
    } catch (error) {
      if (this.#db.ready)
        console.error(`tidying up failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #execute(statements: Statement[]): Promise<DecodedAnswer> {
    const prepared = statements.map((one) => ({ ...one, ...this.#statements.prepare(one.query) }));
    try {
      return await this.#exchange(encodeStatements(prepared));
    } catch (error) {
      await this.#forgetStatements();
      throw error;
    }
  }

  async #forgetStatements(): Promise<void> {
    this.#statements.clear();
    await this.#send(encodeSimpleQuery("DEALLOCATE ALL"));
  }

  /** Sends messages and reads the answer. Rolls back a transaction that they left open. */
  async #exchange(message: Buffer): Promise<DecodedAnswer> {
    this.#lastExchangeAtMs = performance.now();
    const answer = decodeAnswer(await this.#send(message));
    if (answer.transactionStatus !== "I") await this.#send(encodeSimpleQuery("ROLLBACK"));
    if (answer.error) throw answer.error;
    return answer;
  }

  async #send(message: Buffer): Promise<Buffer> {
    if (!this.#db.ready) throw new Error("the database is closed");
    const chunks: Buffer[] = [];
    // The raw stream skips PGlite's own parser, which would keep every message of every answer.
    // The bytes are a view into WASM memory and have to be copied.
    await this.#db.execProtocolRawStream(message, {
      syncToFs: false,
      onRawData: (bytes) => void chunks.push(Buffer.from(bytes)),
    });
    return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
  }
}

const walSizeQuery = `
  select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) from pg_control_checkpoint()`;
const tablesQuery = "select format('%I.%I', schemaname, relname) from pg_stat_user_tables";

/**
 * Vacuums, analyses and checkpoints when at least `writtenBytesMax` have been written since the last time. PGlite has no
 * background processes that would do it, so tables and write-ahead log would grow without end.
 * @returns whether it did
 */
export async function tidyUp(executor: SqlExecutor, writtenBytesMax: number): Promise<boolean> {
  const rows = async (query: string) => (await executor.run({ query, params: [] })).rows;
  const [[written] = []] = await rows(walSizeQuery);
  if (Number(written) < writtenBytesMax) return false;
  // One table at a time, so that requests get in between.
  for (const [table] of await rows(tablesQuery)) await rows(`vacuum (analyze) ${table}`);
  await rows("checkpoint");
  return true;
}
