import { TimerWheel } from "../../../../src/durable/timer-wheel.ts";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { newRecord } from "../../../../src/durable/session/storage/session-record.ts";
import { SessionStore } from "../../../../src/durable/session/storage/session-store.ts";
import type { SimulatedStation } from "../../../../src/ports.ts";
import { eventually, hosts, newHost, newStation, sessionObjects, testEnv } from "../host/test-station.ts";
import { DatabaseDouble } from "./database-double.ts";
import { basic, KEY, newCharger, provisionInput, sessionCount, upgrade } from "./station-double.ts";

const sessions = durableSessions(testEnv);

test("an offer that comes from outside provisions nothing and opens nothing", async () => {
  const charger = newCharger();
  const before = await sessionCount();
  const offer = JSON.stringify({ ref: charger.ref, input: provisionInput(charger) });
  const headers = { "x-busbar-offer": offer, "x-busbar-transport": "direct" };
  const authorization = basic(charger.ref.identity, KEY);
  expect((await upgrade(charger, { headers, authorization })).status).toBe(404);
  expect(await charger.session.snapshot(charger.ref)).toBeNull();
  expect((await sessionCount()) - before).toBeLessThanOrEqual(1);
});

/** What a session has stored of its charger; undefined: nothing. */
function storedIn(station: SimulatedStation) {
  const stub = sessionObjects.getByName(`demo/${station.identity}`);
  return runInDurableObject(stub, (_instance, { storage }) =>
    storage.kv.get<{ registration: string; connectors: unknown[]; factSeq: number }>("record"),
  );
}

/** Longer than what 1.6 and 2.x have room for. */
const longNames = { vendor: "V".repeat(60), model: "Model of a very long name" };

describe.each(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"] as const)("a new %s station of our own", (version) => {
  test("is stored with its boot and all its statuses, and adds no facts that its host writes", async () => {
    const database = new DatabaseDouble();
    const station = newStation({ version, connectors: 3, ...longNames });
    await expect(newHost().start(station, 10_000)).resolves.toEqual({ kind: "accepted" });
    // 1.6 reports connector 0 too.
    const reported = version === "ocpp1.6" ? 4 : 3;
    const record = await eventually(
      () => storedIn(station),
      (each) => each?.connectors.length === reported,
    );
    expect(record).toMatchObject({ registration: "Accepted", factSeq: 0 });
    const facts = await eventually(
      () => database.factsOf(station.chargerId),
      (each) => each.length > 0,
    );
    expect(facts.map(({ type }) => type)).toEqual([
      "connection",
      "boot",
      ...Array.from({ length: reported }, () => "connector"),
    ]);
    const { vendor, model, generation } = (await sessions.snapshot(station)) ?? {};
    expect(facts.every((fact) => fact.generation === generation)).toBe(true);
    expect(facts[1]).toMatchObject({ vendor, model });
  });

  test("adds facts that its host did not announce", async () => {
    const database = new DatabaseDouble();
    const station = newStation({ version });
    await newHost().start(station, 10_000);
    const { generation } = (await sessions.snapshot(station)) ?? {};
    await eventually(
      () => database.factsOf(station.chargerId),
      (each) => each.length > 0,
    );
    await sessions.command(station, { kind: "availability", connectorId: 1, type: "Inoperative" }, 5_000);
    const status = await eventually(
      () => database.factsOf(station.chargerId).findLast(({ evse_id }) => evse_id === 1),
      (each) => each?.["status"] === "Unavailable",
    );
    expect(status).toMatchObject({ generation });
  });
});

test.each([
  [
    "reservation",
    { kind: "reserve", groupId: null, expiresAt: "2099-01-01T00:00:00.000Z" },
    4_070_908_800_000,
  ],
  ["remote start", { kind: "remoteStart" }, Date.now() + 660_000],
] as const)(
  "a %s at a new station of our own has an alarm, although its line has none yet",
  async (_what, asked, dueMs) => {
    new DatabaseDouble();
    const station = newStation({ version: "ocpp1.6" });
    await newHost().start(station, 10_000);
    const stub = sessionObjects.getByName(`demo/${station.identity}`);
    const alarm = () => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());
    expect(await alarm()).toBeNull();
    const outcome = await sessions.command(station, { ...asked, connectorId: 1, idTag: "TAG" }, 5_000);
    expect(outcome).toMatchObject({ kind: "answered", answer: { status: "accepted" } });
    expect(await alarm()).toBeLessThanOrEqual(dueMs);
  },
);

test("the changes of a new simulated station's session are stored in one commit", async () => {
  const charger = newCharger();
  await runInDurableObject(charger.stub, async (_instance, { storage }) => {
    const lines = { memoryOf: () => null, keep: () => false };
    const store = new SessionStore(storage, lines, new TimerWheel(), () => undefined);
    store.replace(newRecord(charger.ref, provisionInput(charger), null), true);
    store.lineStarted({ direct: true, hostFacts: null });
    store.frames.append([{ direction: "cp_to_csms", action: "BootNotification", message: "[]" }], Date.now());
    store.changed("repeatable");
    store.changed("boot");
    expect(storage.kv.get("record")).toBeUndefined();
    await eventually(
      () => storage.kv.get("record") !== undefined,
      (isStored) => isStored,
    );
    expect(storage.kv.get("record")).toMatchObject({ chargerId: charger.ref.chargerId });
    expect(storage.sql.exec("SELECT frames FROM frame_blocks").toArray()).toEqual([{ frames: 1 }]);
  });
});

test("the first facts of many stations are written in few statements, and wait while the database is down", async () => {
  const database = new DatabaseDouble();
  database.isDown = true;
  const host = newHost();
  const stations = Array.from({ length: 20 }, () => newStation({ connectors: 1 }));
  await Promise.all(stations.map((station) => host.start(station, 10_000)));
  await expect(runInDurableObject(host, (_instance, state) => state.abort("lost"))).rejects.toThrow("lost");
  database.isDown = false;
  await hosts.get(host.id).status(stations[0]?.chargerId ?? "");
  await eventually(
    () => stations.filter(({ chargerId }) => hasBooted(database, chargerId)).length,
    (told) => told === stations.length,
  );
  const flushes = database.flushes.filter((flush) => flush.some(({ type }) => type === "boot"));
  expect(flushes.length).toBeLessThan(stations.length / 2);
});

function hasBooted(database: DatabaseDouble, chargerId: string): boolean {
  return database.factsOf(chargerId).some(({ type }) => type === "boot");
}

test("a station whose session was lost before it was stored is provisioned again by its own host, and boots", async () => {
  new DatabaseDouble();
  const host = newHost();
  const station = newStation();
  await host.start(station, 10_000);
  const stub = sessionObjects.getByName(`demo/${station.identity}`);
  const lose = async (_instance: unknown, state: DurableObjectState) => {
    await state.storage.deleteAll();
    state.abort("lost");
  };
  await expect(runInDurableObject(stub, lose)).rejects.toThrow("lost");
  const record = await eventually(
    () => storedIn(station),
    (each) => each?.connectors.length === 3,
  );
  expect(record).toMatchObject({ registration: "Accepted" });
  const reset = await sessions.command(station, { kind: "reset", type: "Soft" }, 5_000);
  expect(reset).toMatchObject({ kind: "answered", answer: { status: "accepted" } });
});

test("a charger that is deleted before its session was stored leaves nothing", async () => {
  new DatabaseDouble();
  const host = newHost();
  const station = newStation();
  await host.start(station, 10_000);
  await host.remove(station.chargerId);
  await sessions.retire(station);
  await eventually(
    () => sessions.snapshot(station),
    (snapshot) => snapshot === null,
  );
  expect(await storedIn(station)).toBeUndefined();
});

test("a crash right after the boot costs a station of our own neither its registration nor its statuses", async () => {
  new DatabaseDouble();
  const station = newStation();
  await newHost().start(station, 10_000);
  const stub = sessionObjects.getByName(`demo/${station.identity}`);
  await expect(runInDurableObject(stub, (_instance, state) => state.abort("lost"))).rejects.toThrow("lost");
  const snapshot = await eventually(
    () => sessions.snapshot(station),
    (each) => each?.online === true && each.connectors.length === 3,
  );
  expect(snapshot).toMatchObject({ registrationStatus: "Accepted", vendor: "Vendor" });
  expect(snapshot?.connectors.map(({ status }) => status)).toEqual(["Available", "Available", "Available"]);
});
