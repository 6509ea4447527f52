import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { TransactionFact } from "../../../src/ports.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { at, ENDED, HOUR_MS, reading, registered, transaction as transactionOf } from "./event-scene.ts";

let db: Database;
beforeAll(async () => {
  // Of a server that is shared, transactions of other tests hold up the feed.
  db = await openDatabase({ isShared: false });
});
/** Part of the ids of transactions and reservations of a test, which are unique in all organisations. */
let mark = "";
beforeEach(() => {
  mark = crypto.randomUUID();
});
afterAll(() => db.close());

const NOW = HOUR_MS;

const transaction = (changed: Partial<TransactionFact> = {}) => transactionOf(`txn_1${mark}`, changed);

const STARTED = {
  event: "transaction.started",
  timestamp: at(0),
  data: { transactionId: 12345, chargeBoxId: "CP-1", connectorId: 2, idTag: "USER123", meterStart: 1000 },
};
const STOPPED = {
  event: "transaction.stopped",
  timestamp: at(45 * 60 + 59),
  data: {
    transactionId: 12345,
    chargeBoxId: "CP-1",
    connectorId: 2,
    idTag: "USER123",
    meterStart: 1000,
    meterStop: 15_000,
    energyDelivered: 14,
    durationMinutes: 45,
    stopReason: "Local",
  },
};

test("a transaction has one event of its start and one of its end, whatever is told of it later", async () => {
  const { apply, events } = await registered(db);
  for (let round = 0; round < 2; round += 1) {
    await apply(1, NOW, transaction());
    await apply(1, NOW, transaction({ revision: 2, lastMeterWh: 5000 }));
    await apply(1, NOW, transaction({ ...ENDED, revision: 3 }));
    await apply(1, NOW, transaction({ ...ENDED, revision: 4, idTag: "CORRECTED" }));
  }
  expect(await events()).toEqual([STARTED, STOPPED]);
});

test("a transaction that arrives when it has ended has both events, the start first", async () => {
  const { apply, events } = await registered(db);
  await apply(1, NOW, transaction(), transaction({ ...ENDED, revision: 9 }));
  expect(await events()).toEqual([STARTED, STOPPED]);
});

test("a remote start is an event when its transaction begins, and one that expired is none", async () => {
  const { apply, events } = await registered(db);
  const other = { id: `txn_2${mark}`, transactionId: 12346 };
  await apply(1, NOW, transaction({ status: "pending", revision: -1 }));
  await apply(1, NOW, transaction({ ...other, status: "pending", revision: -1 }));
  await apply(1, NOW, transaction({ ...other, status: "expired", revision: 0 }));
  expect(await events()).toEqual([]);
  await apply(1, NOW, transaction());
  await apply(1, NOW, transaction({ ...other, meterStartWh: null }));
  expect(await events()).toMatchObject([STARTED, { data: { transactionId: 12346, meterStart: null } }]);
});

test("an end without meter has no energy, and one after a reset of the meter counts over it", async () => {
  const { apply, events } = await registered(db);
  const unknown = { meterStopWh: null, meterStartWh: null };
  await apply(1, NOW, transaction({ ...ENDED, ...unknown }));
  const reset = { meterStopWh: 500, meterOffsetWh: 9000, id: `txn_2${mark}`, transactionId: 12346 };
  await apply(1, NOW, transaction({ ...ENDED, ...reset }));
  const stops = (await events()).filter(({ event }) => event === "transaction.stopped");
  expect(stops.map(({ data }) => [data["meterStop"], data["energyDelivered"]])).toEqual([
    [null, null],
    [500, 8.5],
  ]);
});

test("a transaction whose number is taken is no transaction, but a security event, once", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { apply, events } = await registered(db);
  await apply(1, NOW, transaction());
  for (const revision of [1, 1, 2]) await apply(1, NOW + 1000, transaction({ id: `txn_2${mark}`, revision }));
  expect(await events()).toEqual([
    STARTED,
    {
      event: "security.event",
      timestamp: at(1),
      data: {
        chargeBoxId: "CP-1",
        source: "central",
        type: "TransactionConflict",
        techInfo: `transaction 12345 belongs to txn_1${mark}`,
      },
    },
  ]);
  vi.restoreAllMocks();
});

test("of the meter values of a transaction the first of each minute is an event, in one flush or in many", async () => {
  const { apply, events, organization } = await registered(db);
  await apply(1, NOW, transaction());
  for (let round = 0; round < 2; round += 1) {
    await apply(1, NOW, reading(10), reading(20), reading(59), reading(60));
    for (const seconds of [61, 119, 125]) await apply(1, NOW, reading(seconds));
  }
  const updates = async () =>
    (await events())
      .filter(({ event }) => event === "transaction.updated")
      .map(({ timestamp, data }) => [timestamp, data["energyDelivered"]]);
  const sampled = [
    [at(10), 0.03],
    [at(60), 0.18],
    [at(125), 0.375],
  ];
  expect(await updates()).toEqual(sampled);
  await db.sql("UPDATE organizations SET transaction_update_seconds = 0 WHERE id = $1::uuid", [
    organization.id,
  ]);
  for (let round = 0; round < 2; round += 1) await apply(1, NOW, reading(126), reading(127), reading(128));
  expect(await updates()).toEqual([...sampled, [at(126), 0.378], [at(127), 0.381], [at(128), 0.384]]);
});

test("an update says what was measured, and null for what was not", async () => {
  const { apply, events } = await registered(db);
  const sample = (value: string, measurand: string, more: Record<string, string> = {}) => ({
    value,
    measurand,
    ...more,
  });
  const sampledValue = [
    sample("8.5", "Energy.Active.Import.Register", { unit: "kWh" }),
    sample("11", "Power.Active.Import", { unit: "kW" }),
    sample("15.5", "Current.Import", { phase: "L1" }),
    sample("16", "Current.Import", { phase: "L2" }),
    sample("64", "SoC", { unit: "Percent", location: "EV" }),
  ];
  await apply(1, NOW, transaction());
  await apply(1, NOW, reading(60, { energyWh: 8500, values: [{ timestamp: at(60), sampledValue }] }));
  const power = [{ timestamp: at(120), sampledValue: [sample("900", "Power.Active.Import")] }];
  await apply(1, NOW, reading(120, { energyWh: null, values: power }));
  const about = { transactionId: 12345, chargeBoxId: "CP-1", connectorId: 2 };
  const nothing = { meterValue: null, energyDelivered: null, current: null, soc: null };
  expect((await events()).slice(1).map(({ data }) => data)).toEqual([
    { ...about, meterValue: 8500, energyDelivered: 7.5, power: 11_000, current: 16, soc: 64 },
    { ...about, ...nothing, power: 900 },
  ]);
});

test("meter values of no transaction, of its end, or without anything that is told, are no event", async () => {
  const { apply, events } = await registered(db);
  await apply(1, NOW, transaction());
  const voltage = [{ timestamp: at(5), sampledValue: [{ value: "230", measurand: "Voltage" }] }];
  await apply(
    1,
    NOW,
    reading(5, { transactionId: null, claimedId: "99" }),
    reading(6, { transactionId: 4711 }),
    reading(7, { reason: "StopTransaction" }),
    reading(8, { energyWh: null, values: voltage }),
  );
  expect(await events()).toEqual([STARTED]);
  await apply(1, NOW, reading(9));
  expect((await events()).length).toBe(2);
});
