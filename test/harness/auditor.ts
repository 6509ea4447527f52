import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { z } from "zod";
import { call, type Access, type Batch } from "./fleet.ts";
import { openSql } from "./sql.ts";
import type { RunningStack } from "./stack.ts";
import { waitFor } from "./wait-for.ts";

const list = z.object({ pagination: z.object({ total: z.number() }) });
const count = z.object({ n: z.number() });

async function rowCount(sqlUrl: string, text: string, params: unknown[]): Promise<number> {
  return count.parse((await openSql(sqlUrl)(text, params))[0]).n;
}

/** Chargers that the platform shows as connected. */
export async function onlineCount(access: Access): Promise<number> {
  const { body } = await call(access, "GET", "/api/v1/chargers?status=online&limit=1");
  return list.parse(body).pagination.total;
}

/**
 * What must be true after every fault: all chargers READY, one record each, no second job, every station connected
 * with the credential its session knows.
 */
export async function expectWholeFleet(
  stack: RunningStack,
  sqlUrl: string,
  batch: Batch,
  chargers: number,
): Promise<void> {
  const job = await batch.read();
  expect(job.status).toBe("READY");
  expect(job.progress).toEqual({ total: chargers, created: chargers, failed: 0, pending: 0 });
  const identities = job.results?.created.map((charger) => charger.identity) ?? [];
  expect(new Set(identities).size).toBe(chargers);
  const at = [batch.locationId];
  expect(await rowCount(sqlUrl, "SELECT count(*)::int AS n FROM jobs WHERE location_id = $1::uuid", at)).toBe(
    1,
  );
  const records =
    "SELECT count(*)::int AS n FROM chargers WHERE location_id = $1::uuid AND status = 'READY' AND deleted_at IS NULL";
  expect(await rowCount(sqlUrl, records, at)).toBe(chargers);
  await waitFor("every station connected", async () => (await onlineCount(stack)) === chargers, 90_000);
}

/**
 * Reads the session objects on disk: exactly one object per charger, each with exactly one record, which has exactly
 * one credential. Sessions store their state within a second.
 */
export async function expectOneCredentialEach(stack: RunningStack, chargers: number): Promise<void> {
  const directory = join(stack.dataDirectory, "objects", "busbar-ChargePointSession");
  await waitFor("a record of every charger on disk", () => provisionedIn(directory).length >= chargers);
  await stack.stop();
  expect(provisionedIn(directory)).toHaveLength(chargers);
}

function provisionedIn(directory: string): string[] {
  return databasesIn(directory).filter((name) => {
    const database = new DatabaseSync(join(directory, name), { readOnly: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE name = '_cf_KV'").all();
      return tables.length > 0 && database.prepare("SELECT key FROM _cf_KV").all().length === 1;
    } finally {
      database.close();
    }
  });
}

/** Frames in the logs of all sessions on disk. No session is called, because a call would write pending frames. */
export function storedFrames(dataDirectory: string): number {
  const directory = join(dataDirectory, "objects", "busbar-ChargePointSession");
  return databasesIn(directory).reduce((sum, name) => sum + framesIn(join(directory, name)), 0);
}

function framesIn(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE name = 'frame_blocks'").all();
    if (tables.length === 0) return 0;
    return count.parse(database.prepare("SELECT coalesce(sum(frames), 0) AS n FROM frame_blocks").get()).n;
  } finally {
    database.close();
  }
}

function databasesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
}

/** Tables of the runtime and of migrations. */
const BOOKKEEPING = /^(_cf_METADATA|sqlite_\w+|_sql_schema_migrations)$/;

/**
 * Reads all objects on disk: no session has a record, a frame or a credential left, no host a station. The stack must
 * be stopped.
 */
export function expectNoTrace(dataDirectory: string): void {
  const left = ["ChargePointSession", "SimulatorHost", "SessionShelf"].flatMap((kind) => {
    const directory = join(dataDirectory, "objects", `busbar-${kind}`);
    return databasesIn(directory).flatMap((name) => tablesWithRows(join(directory, name)));
  });
  expect(left).toEqual([]);
}

/** `table` of every table of the object's own that has rows. */
function tablesWithRows(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const filled = tables
    .map((row) => String(row["name"]))
    .filter((name) => !BOOKKEEPING.test(name))
    .filter((name) => database.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).all().length > 0);
  database.close();
  return filled;
}
