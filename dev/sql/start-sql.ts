import { resolve } from "node:path";
import { applyMigrations } from "../migrate/apply-migrations.ts";
import { readMigrations, type Migration } from "../migrate/read-migrations.ts";
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
  /** Directory of migrations that are applied before the endpoint answers. */
  migrations?: string | undefined;
};

export type SqlServer = {
  /** `http://127.0.0.1:<port>`, without the path `/sql`. */
  url: string;
  /** Runs any number of statements; not reachable over HTTP. */
  exec(sqlText: string): Promise<void>;
  /** Drops everything in the public schema and applies the migrations again. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

/** A Neon-compatible SQL endpoint over the embedded PostgreSQL or a real one. */
export async function startSql(options: SqlOptions): Promise<SqlServer> {
  const migrations = options.migrations ? readMigrations(options.migrations) : [];
  const executor = await openExecutor(options, migrations);
  const migrate = () =>
    executor.session((session) =>
      applyMigrations(session, {
        migrations,
        waits: ({ name }) => console.error(`${name} waits for a lock that another transaction holds`),
      }),
    );
  try {
    await migrate();
    const server = await listenOnLoopback(options.port, (req, res) => handleSql(executor, req, res));
    return {
      url: server.url,
      exec: (sqlText) => executor.exec(sqlText),
      reset: async () => {
        await executor.exec("drop schema if exists public cascade; create schema public");
        await migrate();
      },
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

/** Imports only the executor that is used: loading PGlite takes 60 MB. */
async function openExecutor(options: SqlOptions, migrations: Migration[]): Promise<SqlExecutor> {
  if (options.pgUrl) {
    const { openPool } = await import("./pool-executor.ts");
    return openPool(options.pgUrl);
  }
  const { openPglite } = await import("./pglite-executor.ts");
  const dataDir = options.dataDir === "memory" ? "memory" : resolve(options.dataDir);
  return openPglite({ dataDir, withPgcrypto: migrations.some(({ text }) => text.includes("pgcrypto")) });
}
