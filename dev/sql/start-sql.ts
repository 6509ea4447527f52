import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { listenOnLoopback } from "../part/loopback-server.ts";
import type { SqlExecutor } from "./executor.ts";
import { handleSql } from "./sql-routes.ts";

export type SqlOptions = {
  /** 0 takes a free port. */
  port: number;
  /** Directory of the embedded database, or "memory"; unused with pgUrl. */
  dataDir: string;
  /** A PostgreSQL server to use instead of the embedded one. */
  pgUrl?: string | undefined;
  /** SQL applied before the endpoint answers; it has to bear being applied again. */
  schemaFile?: string | undefined;
};

export type SqlServer = {
  /** `http://127.0.0.1:<port>`, without the path `/sql`. */
  url: string;
  /** Runs any number of statements; not reachable over HTTP. */
  exec(sqlText: string): Promise<void>;
  /** Drops everything in the public schema and applies the schema file again. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

/** A Neon-compatible SQL endpoint over the embedded PostgreSQL or a real one. */
export async function startSql(options: SqlOptions): Promise<SqlServer> {
  const schema = options.schemaFile ? await readFile(options.schemaFile, "utf8") : "";
  const executor = await openExecutor(options, schema);
  try {
    if (schema) await executor.exec(schema);
    const server = await listenOnLoopback(options.port, (req, res) => handleSql(executor, req, res));
    return {
      url: server.url,
      exec: (sqlText) => executor.exec(sqlText),
      reset: () => executor.exec(`drop schema if exists public cascade; create schema public; ${schema}`),
      close: async () => {
        await server.close();
        await executor.close();
      },
    };
  } catch (error) {
    await executor.close();
    throw error;
  }
}

/** Loads only the engine that is used: the embedded one alone costs 60 MB before it is opened. */
async function openExecutor(options: SqlOptions, schema: string): Promise<SqlExecutor> {
  if (options.pgUrl) {
    const { openPool } = await import("./pool-executor.ts");
    return openPool(options.pgUrl);
  }
  const { openPglite } = await import("./pglite-executor.ts");
  const dataDir = options.dataDir === "memory" ? "memory" : resolve(options.dataDir);
  return openPglite({ dataDir, withPgcrypto: schema.includes("pgcrypto") });
}
