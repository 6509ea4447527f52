import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { LineMemory } from "../../../../src/durable/session/storage/line-memory.ts";
import { DatabaseDouble, once } from "./database-double.ts";
import {
  type Charger,
  generationOf,
  inObject,
  provisioned,
  StationDouble,
  untilOffline,
} from "./station-double.ts";

const available = { connectorId: 1, errorCode: "NoError", status: "Available" };

const TABLES = { outbox: "outbox", replies: "reply_blocks" };

/** What a session keeps besides its state: in its record, and in the tables for what does not fit there. */
function kept(charger: Charger, list: "outbox" | "replies"): Promise<number> {
  return inObject(charger, (_instance, state) => {
    const { kv, sql } = state.storage;
    const sockets = state.getWebSockets().map((socket) => socket.deserializeAttachment() as LineMemory);
    // What has arrived while the line is open is noted with its socket.
    const deliveredUpTo = Math.max(0, ...sockets.map((memory) => memory.deliveredUpTo ?? 0));
    const waiting = kv.get<Record<typeof list, { seq?: number }[]>>("record")?.[list] ?? [];
    const inRecord = waiting.filter(({ seq = Infinity }) => seq > deliveredUpTo).length;
    const isThere = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", TABLES[list]).toArray().length > 0;
    const count = list === "outbox" ? "count(*)" : "coalesce(sum(json_array_length(body)), 0)";
    return (
      inRecord + (isThere ? sql.exec<{ n: number }>(`SELECT ${count} AS n FROM ${TABLES[list]}`).one().n : 0)
    );
  });
}

const unflushed = (charger: Charger): Promise<number> => kept(charger, "outbox");

async function rowsWritten(charger: Charger): Promise<number> {
  return (await kept(charger, "outbox")) + (await kept(charger, "replies"));
}

test("the alarm writes the facts to Postgres in order, once, and a second alarm writes nothing", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const generation = await generationOf(charger);
  await station.call("StatusNotification", available);
  await runDurableObjectAlarm(charger.stub);
  await inObject(charger, async (instance) => {
    await instance.alarm();
    await instance.alarm();
  });
  const facts = database.factsOf(charger.ref.chargerId).filter(({ type }) => type !== "seen");
  expect(facts).toMatchObject([
    { type: "connection", online: true, ocpp_version: "ocpp1.6", generation },
    { type: "boot", vendor: "V1", model: "M1", serial_number: null, firmware_version: "1.0" },
    { type: "connector", evse_id: 1, connector_id: 1, status: "Available", error_code: "NoError" },
  ]);
  expect(await unflushed(charger)).toBe(0);
});

test("flushes in the turn that adds a fact", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  await StationDouble.booted(charger);
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).not.toEqual([]), 5000);
});

test("a database outage loses no fact, closes no socket and backs off to a minute", async () => {
  const database = new DatabaseDouble();
  database.isDown = true;
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await inObject(charger, async (instance, state) => {
    for (let attempt = 0; attempt < 8; attempt++) await instance.alarm();
    const delayMs = ((await state.storage.getAlarm()) ?? 0) - Date.now();
    expect(delayMs).toBeGreaterThan(50_000);
    expect(delayMs).toBeLessThanOrEqual(60_000);
  });
  expect((await station.call("StatusNotification", available))[0]).toBe(3);
  expect(await unflushed(charger)).toBe(3);
  database.isDown = false;
  await inObject(charger, (instance) => instance.alarm());
  expect(database.factsOf(charger.ref.chargerId).map(({ type }) => type)).toEqual([
    "connection",
    "boot",
    "connector",
  ]);
  expect(await unflushed(charger)).toBe(0);
});

test("heartbeats write neither an outbox row nor a stored answer", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await inObject(charger, (instance) => instance.alarm());
  const before = await rowsWritten(charger);
  for (let beat = 0; beat < 20; beat++) await station.call("Heartbeat", {});
  expect(await rowsWritten(charger)).toBe(before);
});

test("a repeated status without a change adds no fact", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await station.call("StatusNotification", available);
  await station.call("StatusNotification", available);
  await inObject(charger, (instance) => instance.alarm());
  expect(database.factsOf(charger.ref.chargerId).filter(({ type }) => type === "connector")).toHaveLength(1);
});

test("a close adds the fact that the station is offline, with the version and generation of the connection", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const generation = await generationOf(charger);
  station.socket.close(1000, "bye");
  await untilOffline(charger);
  await inObject(charger, (instance) => instance.alarm());
  const connections = database.factsOf(charger.ref.chargerId).filter(({ type }) => type === "connection");
  expect(connections.at(-1)).toMatchObject({ online: false, ocpp_version: "ocpp1.6", generation });
});

test("facts after our clock was put back by an hour are not older than the facts before", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await station.call("StatusNotification", available);
  const clock = vi
    .spyOn(Date, "now")
    .mockImplementation(() => performance.timeOrigin + performance.now() - 3_600_000);
  await station.call("StatusNotification", { ...available, status: "Preparing" });
  station.socket.close(1000, "bye");
  await untilOffline(charger);
  clock.mockRestore();
  await inObject(charger, (instance) => instance.alarm());
  const facts = database.factsOf(charger.ref.chargerId).filter(({ type }) => type !== "seen");
  expect(facts.map(({ type, status, online }) => status ?? online ?? type)).toEqual([
    true,
    "boot",
    "Available",
    "Preparing",
    false,
  ]);
  expect(facts.map(({ at }) => at)).toEqual(facts.map(({ at }) => at).toSorted());
});

test("an alarm that was due and is lost with its runtime is set again by the next connection", async () => {
  const database = new DatabaseDouble();
  database.isDown = true;
  const charger = await provisioned();
  await StationDouble.booted(charger);
  await inObject(charger, (instance) => instance.alarm());
  await inObject(charger, async (_instance, { storage }) => {
    await storage.deleteAlarm();
    const record = storage.kv.get<Record<string, unknown>>("record");
    storage.kv.put("record", { ...record, alarmAtMs: Date.now() - 5000 });
  });
  await evictDurableObject(charger.stub, { webSockets: "close" });
  await StationDouble.connect(charger);
  const alarmAtMs = await inObject(charger, (_instance, { storage }) => storage.getAlarm());
  expect((alarmAtMs ?? Infinity) - Date.now()).toBeLessThan(60_000);
});

test("a socket that was lost in a crash without an event is noticed by the next alarm", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  await StationDouble.booted(charger);
  await evictDurableObject(charger.stub, { webSockets: "close" });
  await inObject(charger, async (instance) => {
    await instance.alarm();
    await instance.alarm();
  });
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ online: false, connectedAtMs: null });
  const connections = once(database.factsOf(charger.ref.chargerId)).filter(
    ({ type }) => type === "connection",
  );
  expect(connections.map(({ online }) => online)).toEqual([true, false]);
});

test("the generation grows over connections, evictions and database outages", async () => {
  const database = new DatabaseDouble();
  const charger = await provisioned();
  for (let connection = 0; connection < 3; connection++) {
    await StationDouble.booted(charger);
    await evictDurableObject(charger.stub, { webSockets: "close" });
  }
  await inObject(charger, (instance) => instance.alarm());
  const generations = once(database.factsOf(charger.ref.chargerId)).map(({ generation }) => generation);
  expect(generations).toEqual(generations.toSorted((a, b) => a - b));
  expect(new Set(generations).size).toBe(3);
});

test("a fact that the database refuses for its values is dropped, and does not block others", async () => {
  const database = new DatabaseDouble();
  database.refused = "Faulted";
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await station.call("StatusNotification", { ...available, status: "Faulted" });
  await station.call("StatusNotification", { ...available, connectorId: 2 });
  await inObject(charger, (instance) => instance.alarm());
  const told = database.factsOf(charger.ref.chargerId).map(({ type, evse_id }) => [type, evse_id]);
  expect(told).toContainEqual(["boot", undefined]);
  expect(told).toContainEqual(["connector", 2]);
  expect(told).not.toContainEqual(["connector", 1]);
  expect(await unflushed(charger)).toBe(0);
});

test("an outage longer than the record can hold keeps every fact, in order, over an eviction", async () => {
  const database = new DatabaseDouble();
  database.isDown = true;
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const statuses = ["Preparing", "Charging", "Finishing", "Available"];
  const told = Array.from({ length: 90 }, (_, index) => statuses[index % statuses.length]);
  for (const status of told) await station.call("StatusNotification", { ...available, status });
  expect(await unflushed(charger)).toBe(2 + told.length);
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect(await unflushed(charger)).toBe(2 + told.length);
  database.isDown = false;
  await inObject(charger, (instance) => instance.alarm());
  expect(
    database
      .factsOf(charger.ref.chargerId)
      .filter(({ type }) => type === "connector")
      .map(({ status }) => status),
  ).toEqual(told);
  expect(await unflushed(charger)).toBe(0);
});

test("the answers to the last 256 messages are kept, over evictions, and no more than a few over it", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  for (let index = 0; index < 400; index++) await station.call("DataTransfer", { vendorId: `V${index}` });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect(await kept(charger, "replies")).toBeGreaterThanOrEqual(256);
  expect(await kept(charger, "replies")).toBeLessThanOrEqual(256 + 64 + 9);
});

test("the facts of a message are stored before the message is answered", async () => {
  new DatabaseDouble();
  const charger = await provisioned();
  await StationDouble.booted(charger);
  const order = await inObject(charger, async (instance, state) => {
    const [socket] = state.getWebSockets();
    if (!socket) throw new TypeError("not connected");
    const steps: string[] = [];
    const { kv } = state.storage;
    const put = vi.spyOn(kv, "put").mockImplementation((key) => void steps.push(`put ${key}`));
    const send = vi.spyOn(socket, "send").mockImplementation(() => void steps.push("send"));
    const payload = { type: "FirmwareUpdated", timestamp: new Date().toISOString() };
    await instance.webSocketMessage(
      socket,
      JSON.stringify([2, "event", "SecurityEventNotification", payload]),
    );
    put.mockRestore();
    send.mockRestore();
    return steps;
  });
  expect(order.slice(0, 2)).toEqual(["put record", "send"]);
});
