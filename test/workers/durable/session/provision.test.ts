import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import { DatabaseDouble } from "./database-double.ts";
import {
  generationOf,
  inObject,
  KEY,
  newCharger,
  provisioned,
  provisionInput,
  StationDouble,
  upgrade,
} from "./station-double.ts";

const sessions = durableSessions(readEnv(env as RawEnv));
const everything = { startMs: null, endMs: null, action: null, limit: 100, offset: 0 };

test("no call to an object that was never provisioned stores anything", async () => {
  new DatabaseDouble();
  const charger = newCharger();
  expect(await sessions.snapshot(charger.ref)).toBeNull();
  expect(await sessions.frames(charger.ref, everything)).toBeNull();
  await sessions.retire(charger.ref);
  await sessions.command(charger.ref, { kind: "clearCache" }, 1000);
  await sessions.rotateAuthorizationKey(charger.ref, KEY);
  const tables = await inObject(charger, async (instance, state) => {
    await instance.alarm();
    return state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").toArray();
  });
  expect(tables).toEqual([]);
});

test("provisioning again changes nothing, not even the key", async () => {
  new DatabaseDouble();
  const charger = newCharger();
  expect(await sessions.provision(charger.ref, provisionInput(charger))).toEqual({ created: true });
  const again = provisionInput(charger, { authorizationKey: "f".repeat(40), registrationStatus: "Rejected" });
  expect(await sessions.provision(charger.ref, again)).toEqual({ created: false });
  await evictDurableObject(charger.stub);
  const station = await StationDouble.connect(charger);
  expect((await station.boot())[2]).toMatchObject({ status: "Accepted" });
});

test("stores neither the key nor its bytes", async () => {
  const charger = await provisioned();
  const stored = await inObject(charger, (_instance, state) => {
    const record = state.storage.kv.get("record");
    return JSON.stringify(record, (_name, value: unknown) =>
      value instanceof Uint8Array ? [...value] : value,
    );
  });
  expect(stored).not.toContain(KEY);
  expect(stored).not.toContain("0,1,2,3,4,5,6,7,8,9,10");
});

test("refuses a key too short to be safe", async () => {
  const charger = newCharger();
  const input = provisionInput(charger, { authorizationKey: "short" });
  await inObject(charger, async (instance) => {
    await expect(instance.provision(charger.ref, input)).rejects.toThrow(RangeError);
  });
});

test("a newer charger of the identity inherits nothing, and the facts of the older one are still delivered", async () => {
  const database = new DatabaseDouble();
  database.isDown = true;
  const older = await provisioned();
  const station = await StationDouble.booted(older);
  const newer = { ...older, ref: { ...older.ref, chargerId: crypto.randomUUID() } };
  const input = provisionInput(newer, { createdAtMs: 1_800_000_000_000, authorizationKey: "e".repeat(40) });
  expect(await sessions.provision(newer.ref, input)).toEqual({ created: true });
  expect(await station.untilClosed()).toEqual({ code: 4004, reason: "unknown charger" });
  expect(await sessions.snapshot(older.ref)).toBeNull();
  expect(await sessions.snapshot(newer.ref)).toMatchObject({ online: false, vendor: null, connectors: [] });
  expect(await sessions.frames(newer.ref, everything)).toEqual({ rows: [], total: 0 });
  expect((await upgrade(newer)).status).toBe(401);
  database.isDown = false;
  // A statement of another test's session that failed a moment ago fails those beside it: the alarm repeats them.
  await vi.waitFor(
    async () => {
      await inObject(newer, (instance) => instance.alarm());
      const types = database.factsOf(older.ref.chargerId).map(({ type }) => type);
      expect(types).toEqual(["connection", "boot", "connection"]);
    },
    { timeout: 10_000 },
  );
  expect(database.factsOf(newer.ref.chargerId)).toEqual([]);
});

test("a late provisioning of an older charger does nothing to its successor", async () => {
  new DatabaseDouble();
  const newer = await provisioned({ createdAtMs: 1_800_000_000_000 });
  const older = { ...newer, ref: { ...newer.ref, chargerId: crypto.randomUUID() } };
  expect(await sessions.provision(older.ref, provisionInput(older))).toEqual({ created: false });
  expect(await sessions.snapshot(newer.ref)).toMatchObject({ chargerId: newer.ref.chargerId });
});

test("retiring closes the socket with 4004, ends its commands, delivers its facts and leaves nothing stored", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const command = sessions.command(charger.ref, { kind: "clearCache" }, 10_000);
  await station.nextCall();
  await sessions.retire(charger.ref);
  expect(await station.untilClosed()).toEqual({ code: 4004, reason: "unknown charger" });
  expect(await command).toMatchObject({ kind: "lost", sent: true });
  expect(database.factsOf(charger.ref.chargerId).map(({ type }) => type)).toContain("boot");
  expect((await upgrade(charger)).status).toBe(404);
  expect(await sessions.snapshot(charger.ref)).toBeNull();
  const left = await inObject(charger, async (_instance, state) => ({
    record: state.storage.kv.get("record"),
    alarm: await state.storage.getAlarm(),
    tables: state.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE name IN ('frames', 'outbox')")
      .toArray(),
  }));
  expect(left).toEqual({ record: undefined, alarm: null, tables: [] });
  await sessions.retire(charger.ref);
});

test("a retired charger is not served any more, and is wiped by the alarm when the database is back", async () => {
  const database = new DatabaseDouble();
  database.isDown = true;
  const charger = await provisioned();
  await StationDouble.booted(charger);
  await sessions.retire(charger.ref);
  expect((await upgrade(charger)).status).toBe(404);
  expect(await sessions.snapshot(charger.ref)).toBeNull();
  database.isDown = false;
  await inObject(charger, async (instance, state) => {
    await instance.alarm();
    expect(state.storage.kv.get("record")).toBeUndefined();
  });
  expect(database.factsOf(charger.ref.chargerId).map(({ type }) => type)).toContain("boot");
});

test("retiring names its charger: the next owner of the identity is not touched", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  await sessions.retire({ ...charger.ref, chargerId: crypto.randomUUID() });
  expect((await upgrade(charger)).status).toBe(101);
});

test("a wiped object serves a new charger from its first connection on", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  await StationDouble.booted(charger);
  await sessions.retire(charger.ref);
  const next = { ...charger, ref: { ...charger.ref, chargerId: crypto.randomUUID() } };
  await sessions.provision(next.ref, provisionInput(next));
  const station = await StationDouble.booted(next);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
});

test("a session whose next flush reports its charger deleted closes its socket and deletes its storage", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  database.gone.set(charger.ref.chargerId, true);
  const station = await StationDouble.connect(charger);
  await vi.waitFor(() => expect(station.closed?.code).toBe(4004), 5000);
  expect((await upgrade(charger)).status).toBe(404);
  await vi.waitFor(async () => {
    expect(await inObject(charger, (_instance, state) => state.storage.kv.get("record"))).toBeUndefined();
  }, 5000);
});

test("a session without a row in Postgres serves nobody, keeps its facts, and serves again when the row is back", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const before = await generationOf(charger);
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).toHaveLength(2), 5000);
  database.gone.set(charger.ref.chargerId, false);
  await station.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status: "Available" });
  await vi.waitFor(() => expect(station.closed?.code).toBe(4004), 5000);
  expect((await upgrade(charger)).status).toBe(404);
  expect(await sessions.snapshot(charger.ref)).toBeNull();
  expect((await sessions.command(charger.ref, { kind: "clearCache" }, 1000)).kind).toBe("notProvisioned");
  await inObject(charger, (instance) => instance.alarm());
  database.flushes = [];
  database.gone.clear();
  expect(await sessions.provision(charger.ref, provisionInput(charger))).toEqual({ created: false });
  await StationDouble.booted(charger);
  const after = await generationOf(charger);
  expect(after).toBeGreaterThan(before);
  await vi.waitFor(
    () =>
      expect(database.factsOf(charger.ref.chargerId)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: "connector", generation: before }),
          expect.objectContaining({ type: "connection", online: true, generation: after }),
        ]),
      ),
    5000,
  );
});
