import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon, neonConfig } from "@neondatabase/serverless";
import pg from "pg";
import { startSql } from "../../../../dev/sql/start-sql.ts";
import type { SqlServer } from "../../../../dev/sql/start-sql.ts";

export const databaseUrl = "postgresql://postgres:s3cret-passw0rd@local.db/postgres";

export type ScratchSql = { server: SqlServer; close(): Promise<void> };

/** The embedded endpoint on a fresh directory. */
export async function startEmbedded(): Promise<ScratchSql> {
  const directory = await mkdtemp(join(tmpdir(), "busbar-sql-"));
  const server = await startSql({ port: 0, dataDir: join(directory, "postgres") });
  return {
    server,
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** An empty database of its own on the server at `pgUrl`. */
export async function createScratchDatabase(pgUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `scratch_${randomUUID().replaceAll("-", "")}`;
  await runOn(pgUrl, `create database ${name}`);
  const scratchUrl = new URL(pgUrl);
  scratchUrl.pathname = `/${name}`;
  return { url: scratchUrl.href, drop: () => runOn(pgUrl, `drop database ${name} with (force)`) };
}

/** The endpoint over a database of its own on the server at `pgUrl`. */
export async function startOnServer(pgUrl: string): Promise<ScratchSql> {
  const scratch = await createScratchDatabase(pgUrl);
  const server = await startSql({ port: 0, dataDir: "memory", pgUrl: scratch.url });
  return {
    server,
    close: async () => {
      await server.close();
      await scratch.drop();
    },
  };
}

/** The unmodified client, pointed at the endpoint; the setting is global to its module. */
export function connect(url: string) {
  neonConfig.fetchEndpoint = `${url}/sql`;
  return neon(databaseUrl);
}

async function runOn(pgUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: pgUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
