import type { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { z } from "zod";
import { call, type Access, type Batch } from "./fleet.ts";
import { objectFiles, readObject, tablesOf } from "./object-files.ts";
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
  const { dataDirectory } = stack;
  await waitFor("a record of every charger on disk", () => provisionedIn(dataDirectory).length >= chargers);
  await stack.stop();
  expect(provisionedIn(dataDirectory)).toHaveLength(chargers);
}

function provisionedIn(dataDirectory: string): string[] {
  const hasRecord = (database: DatabaseSync) =>
    tablesOf(database).has("_cf_KV") && database.prepare("SELECT key FROM _cf_KV").all().length === 1;
  return objectFiles(dataDirectory, "ChargePointSession").filter((file) => readObject(file, hasRecord));
}

/** Frames in the logs of all sessions on disk. No session is called, because a call would write pending frames. */
export function storedFrames(dataDirectory: string): number {
  const files = objectFiles(dataDirectory, "ChargePointSession");
  return files.reduce((sum, file) => sum + readObject(file, framesIn), 0);
}

function framesIn(database: DatabaseSync): number {
  if (!tablesOf(database).has("frame_blocks")) return 0;
  return count.parse(database.prepare("SELECT coalesce(sum(frames), 0) AS n FROM frame_blocks").get()).n;
}

/** Tables of the runtime and of migrations. */
const BOOKKEEPING = /^(_cf_METADATA|sqlite_\w+|_sql_schema_migrations)$/;

/**
 * Reads all objects on disk: no session has a record, a frame or a credential left, no host a station. The stack must
 * be stopped.
 */
export function expectNoTrace(dataDirectory: string): void {
  const files = ["ChargePointSession", "SimulatorHost", "SessionShelf"].flatMap((className) =>
    objectFiles(dataDirectory, className),
  );
  expect(files.flatMap((file) => readObject(file, tablesWithRows))).toEqual([]);
}

/** `table` of every table of the object's own that has rows. */
function tablesWithRows(database: DatabaseSync): string[] {
  return [...tablesOf(database)]
    .filter((name) => !BOOKKEEPING.test(name))
    .filter((name) => database.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).all().length > 0);
}
