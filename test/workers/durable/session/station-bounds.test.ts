import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { type Charger, inObject, provisioned, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

test("reports of connectors beyond the bound are answered, and neither stored nor written to Postgres", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  for (let connectorId = 1; connectorId <= 260; connectorId++) {
    const answer = await station.call("StatusNotification", {
      connectorId,
      errorCode: "NoError",
      status: "Available",
    });
    expect(answer[0]).toBe(3);
  }
  await inObject(charger, (instance) => instance.alarm());
  const told = database.factsOf(charger.ref.chargerId).filter(({ type }) => type === "connector");
  expect(told.map(({ evse_id }) => evse_id)).toEqual(Array.from({ length: 256 }, (_, index) => index + 1));
  expect((await charger.session.snapshot(charger.ref))?.connectors).toHaveLength(256);
});

const LONG = "x".repeat(900_000);

/** What the session has stored of its station, in bytes. */
function recordSize(charger: Charger): Promise<number> {
  return inObject(charger, (_instance, { storage }) => JSON.stringify(storage.kv.get("record")).length);
}

test("texts of any length are answered, and the record stays small", async () => {
  const charger = await provisioned();
  const station = await StationDouble.connect(charger);
  const text = LONG.slice(0, 100_000);
  const facts = { chargePointVendor: text, chargePointModel: text, chargePointSerialNumber: text };
  const modem = { firmwareVersion: text, iccid: text, imsi: text };
  const meter = { meterType: text, meterSerialNumber: text };
  expect((await station.call("BootNotification", { ...facts, ...modem, ...meter }))[0]).toBe(3);
  for (const connectorId of [1, 2, 3]) {
    const status = { connectorId, errorCode: LONG, status: "Available" };
    expect((await station.call("StatusNotification", status))[0]).toBe(3);
  }
  expect(await recordSize(charger)).toBeLessThan(50_000);
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({
    online: true,
    vendor: "x".repeat(20),
    connectors: [1, 2, 3].map((evseId) => ({ evseId, errorCode: "x".repeat(50) })),
  });
});

test("a 1.6 transaction with a tag of any length is the same one when it is repeated", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const start = {
    connectorId: 1,
    idTag: LONG.slice(0, 100_000),
    meterStart: 0,
    timestamp: "2026-05-01T10:00:00Z",
  };
  const first = await station.call("StartTransaction", start);
  expect(first[2]).toMatchObject({ transactionId: expect.any(Number) });
  expect((await station.call("StartTransaction", start))[2]).toEqual(first[2]);
  const garbled = { ...start, connectorId: 2, timestamp: LONG.slice(0, 100_000) };
  const second = await station.call("StartTransaction", garbled);
  expect((await station.call("StartTransaction", garbled))[2]).toEqual(second[2]);
  await inObject(charger, (instance) => instance.alarm());
  const tags = database.factsOf(charger.ref.chargerId).filter(({ revision }) => revision !== undefined);
  expect(tags[0]).toMatchObject({ id_tag: "x".repeat(36) });
  expect(await recordSize(charger)).toBeLessThan(50_000);
});

test("a 2.x transaction with ids of any length is opened once and found again", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const event = (seqNo: number, eventType: string) => ({
    eventType,
    timestamp: "2026-05-01T10:00:00Z",
    triggerReason: "Authorized",
    seqNo,
    transactionInfo: { transactionId: LONG.slice(0, 400_000), chargingState: LONG.slice(0, 100_000) },
    evse: { id: 1 },
    idToken: { idToken: LONG.slice(0, 400_000), type: "Central" },
  });
  for (const [seqNo, type] of ["Started", "Updated", "Ended"].entries())
    expect((await station.call("TransactionEvent", event(seqNo, type)))[0]).toBe(3);
  await inObject(charger, (instance) => instance.alarm());
  const told = database.factsOf(charger.ref.chargerId).filter(({ revision }) => revision !== undefined);
  expect(told.at(-1)).toMatchObject({
    ocpp_transaction_id: "x".repeat(36),
    id_tag: "x".repeat(255),
    status: "completed",
  });
  expect(new Set(told.map(({ id }) => id)).size).toBe(1);
});
