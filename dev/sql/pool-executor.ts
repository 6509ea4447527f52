import pg from "pg";
import type { SqlExecutor, SqlSession, Statement, StatementResult } from "./executor.ts";

const CONNECTIONS_MAX = 20;
const CONNECT_TIMEOUT_MS = 10_000;

/** Every value stays the text that Postgres sent. */
const rawText = { getTypeParser: () => (value: string) => value };

/** A real PostgreSQL server over TCP; statements of different requests run concurrently. */
export async function openPool(pgUrl: string): Promise<SqlExecutor> {
  const pool = new pg.Pool({
    connectionString: pgUrl,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A lost idle connection is replaced at the next query. Without a listener the event would end the process.
  pool.on("error", () => undefined);
  // The same for a connection that the server closes between two statements of a batch: the next statement fails.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const executor = new PoolExecutor(pool);
  try {
    await executor.exec("select 1");
  } catch (error) {
    await pool.end();
    throw error;
  }
  return executor;
}

class PoolExecutor implements SqlExecutor {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  run(statement: Statement): Promise<StatementResult> {
    return this.#withClient((client) => query(client, statement));
  }

  runBatch(begin: string, statements: Statement[]): Promise<StatementResult[]> {
    return this.#withClient(async (client) => {
      await client.query(begin);
      const results: StatementResult[] = [];
      for (const statement of statements) results.push(await query(client, statement));
      await client.query("COMMIT");
      return results;
    });
  }

  async exec(sqlText: string): Promise<void> {
    await this.#withClient((client) => client.query(sqlText));
  }

  async session<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      return await work({
        run: (statement) => query(client, statement),
        exec: async (sqlText) => void (await client.query(sqlText)),
      });
    } finally {
      // Closed, not returned to the pool: its locks and settings end with it.
      client.release(true);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Returns the connection to the pool only when it is healthy and outside of any transaction. */
  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let isHealthy = true;
    try {
      return await work(client);
    } catch (error) {
      isHealthy = error instanceof pg.DatabaseError;
      throw error;
    } finally {
      client.release(!(isHealthy && (await leaveTransaction(client))));
    }
  }
}

async function query(client: pg.PoolClient, statement: Statement): Promise<StatementResult> {
  const config: pg.QueryArrayConfig & { queryMode: "extended" } = {
    text: statement.query,
    values: statement.params,
    rowMode: "array",
    types: rawText,
    // Without it a text without parameters takes the simple protocol, which accepts several statements.
    queryMode: "extended",
  };
  const { fields, rows, command, rowCount } = await client.query<(string | null)[]>(config);
  return { fields, rows, command, rowCount };
}

async function leaveTransaction(client: pg.PoolClient): Promise<boolean> {
  if (client.getTransactionStatus() === "I") return true;
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    return false;
  }
}
