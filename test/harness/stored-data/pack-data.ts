import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { brotliCompressSync } from "node:zlib";
import { openPglite } from "../../../dev/sql/pglite-executor.ts";
import type { SqlExecutor } from "../../../dev/sql/executor.ts";
import type { Door } from "../ocpp-station/raw-station.ts";

/** A data directory as one file: JSON, compressed with brotli. */
export interface PackedData {
  /** Epoch ms at which the stack was killed. All times in the data are relative to it. */
  packedAtMs: number;
  /** `secrets.json` and `state.json` by name. */
  files: Record<string, string>;
  /** Newest migration of the database. */
  schemaVersion: number;
  /** Rows of each table in Postgres as a JSON array. */
  tables: Record<string, string>;
  /** The engine's and the Durable Objects' SQLite files by path, in base64. */
  databases: Record<string, string>;
  scene: Scene;
}

/** The state of the killed stack, as far as a test needs it. */
export interface Scene {
  /** Two simulated stations: the first has an inoperative connector, the second a changed configuration. */
  simulated: string[];
  simulatedStatusUrl: string;
  /** A station of 1.6 with an open transaction. */
  charging: Door & { transactionId: number };
  /** A station of 2.0.1 whose transaction has ended. */
  ending: Door;
  /** A batch of three external chargers with an open run. */
  openStatusUrl: string;
}

/** Writes the data directory of a killed stack to `file`. The directory must not be in use. */
export async function packData(directory: string, scene: Scene, file: string): Promise<void> {
  const packedAtMs = Date.now();
  const postgres = await openPglite({ dataDir: join(directory, "postgres") });
  try {
    const [[version] = []] = await rows(postgres, "SELECT max(version) FROM schema_migrations");
    const packed: PackedData = {
      packedAtMs,
      files: Object.fromEntries(["secrets.json", "state.json"].map((name) => [name, text(directory, name)])),
      schemaVersion: Number(version),
      tables: await tablesOf(postgres),
      databases: databasesOf(directory),
      scene,
    };
    writeFileSync(file, brotliCompressSync(JSON.stringify(packed)));
  } finally {
    await postgres.close();
  }
}

const text = (directory: string, name: string) => readFileSync(join(directory, name), "utf8");

async function tablesOf(postgres: SqlExecutor): Promise<PackedData["tables"]> {
  const names = await rows(
    postgres,
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  const tables: PackedData["tables"] = {};
  for (const [name] of names) {
    const [[json] = []] = await rows(postgres, `SELECT jsonb_agg(to_jsonb(t)) FROM ${name} t`);
    if (name && json && name !== "schema_migrations") tables[name] = json;
  }
  return tables;
}

async function rows(postgres: SqlExecutor, query: string): Promise<(string | null)[][]> {
  return (await postgres.run({ query, params: [] })).rows;
}

/** Checkpoints and vacuums each file first, so that it is complete and small. */
function databasesOf(directory: string): PackedData["databases"] {
  const objects = readdirSync(join(directory, "objects"), { recursive: true, encoding: "utf8" });
  const paths = ["engine.sqlite", ...objects.map((path) => join("objects", path))];
  return Object.fromEntries(
    paths
      .filter((path) => path.endsWith(".sqlite") && existsSync(join(directory, path)))
      .map((path) => {
        const database = new DatabaseSync(join(directory, path));
        database.exec("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
        return [path, readFileSync(join(directory, path)).toString("base64")];
      }),
  );
}
