import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { afterAll, expect, test } from "vitest";
import { openPglite } from "../../dev/sql/pglite-executor.ts";
import { call, postBatch } from "../harness/fleet.ts";
import { onlineCount } from "../harness/auditor.ts";
import { objectFiles, tablesOf } from "../harness/object-files.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { startStack } from "../harness/stack.ts";
import { serializeForWorkerd } from "../harness/stored-data/unpack-data.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { waitFor } from "../harness/wait-for.ts";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

type Stored = Record<string, unknown> & { credential: Record<string, unknown> | null };

/** Every stored session record. `change` replaces each, and adds a column to the other tables. */
function sessionRecords(change?: (record: Stored) => Stored): Stored[] {
  return objectFiles(directory.path, "ChargePointSession").flatMap((file) => {
    const database = new DatabaseSync(file, { readOnly: !change });
    const tables = tablesOf(database);
    // An object that was asked and knew nothing has stored nothing.
    const values = tables.has("_cf_KV")
      ? database.prepare("SELECT value FROM _cf_KV WHERE key = 'record'").all()
      : [];
    const records = values.map(({ value }) => deserialize(value as Uint8Array) as Stored);
    for (const record of change ? records.map(change) : [])
      database.prepare("UPDATE _cf_KV SET value = ? WHERE key = 'record'").run(serializeForWorkerd(record));
    if (change && tables.has("transactions"))
      database.exec("ALTER TABLE transactions ADD COLUMN added_later TEXT");
    database.close();
    return records;
  });
}

/** Data that a later version, which was rolled back, has left in Postgres. */
async function migrateOnce(): Promise<void> {
  const database = await openPglite({ dataDir: join(directory.path, "postgres") });
  await database.exec(`ALTER TABLE chargers ADD COLUMN added_later text NOT NULL DEFAULT 'x';
    ALTER TABLE jobs ADD COLUMN added_later text;
    ALTER TABLE charger_connections ADD COLUMN added_later text;
    CREATE TABLE added_later (id int);
    INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, '9999-later', 'x')`);
  await database.close();
}

test("a version that is deployed again after a later one lets every station in and loses nothing", async () => {
  const first = await startStack({ dataDirectory: directory.path });
  const door = await newDoor(first, "ROLLBACK-1");
  const station = await RawStation.booted(door);
  await station.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status: "Available" });
  await station.call("StartTransaction", {
    connectorId: 1,
    idTag: "A",
    meterStart: 0,
    timestamp: new Date().toISOString(),
  });
  station.socket.close();
  const batch = await postBatch(first, { chargers: 3 });
  expect(await batch.finished()).toMatchObject({ status: "READY", progress: { created: 3 } });
  await waitFor("the records of all sessions", () => sessionRecords().length === 4);
  await first.stop();

  const records = sessionRecords((record) => ({
    ...record,
    format: Number(record["format"]) + 1,
    addedLater: { deep: ["kept"] },
    credential: record.credential && { ...record.credential, addedLater: "kept" },
  }));
  expect(records).toHaveLength(4);
  await migrateOnce();

  const second = await startStack({ dataDirectory: directory.path });
  const connectionUrl = door.connectionUrl.replace(new URL(first.url).host, new URL(second.url).host);
  const again = await RawStation.booted({ ...door, connectionUrl });
  const start = { connectorId: 1, idTag: "A", meterStart: 0, timestamp: new Date().toISOString() };
  expect((await again.call("StartTransaction", start))[0]).toBe(3);
  await waitFor("all of them on line", async () => (await onlineCount(second)) === 4, 60_000);
  expect((await call(second, "GET", batch.statusUrl)).body).toMatchObject({ progress: { created: 3 } });
  const more = await postBatch(second, { chargers: 2, locationId: batch.locationId });
  expect(await more.finished()).toMatchObject({ status: "READY", progress: { created: 2 } });
  again.socket.close();
  await second.stop();

  const kept = sessionRecords().filter(({ addedLater }) => addedLater !== undefined);
  expect(kept).toHaveLength(4);
  expect(kept.filter(({ credential }) => credential?.["addedLater"] !== "kept")).toEqual([]);
});
