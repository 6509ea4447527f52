import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, provisioned, StationDouble, type Charger } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const start = (connectorId: number, meterStart: number) => ({
  connectorId,
  idTag: "TAG",
  meterStart,
  timestamp: "2026-05-01T10:00:00Z",
});
const values = (transactionId: number, minute: number, wattHours: number) => ({
  connectorId: 1,
  transactionId,
  meterValue: [
    {
      timestamp: `2026-05-01T10:${String(minute).padStart(2, "0")}:00Z`,
      sampledValue: [{ value: String(wattHours) }],
    },
  ],
});
const idOf = (answer: unknown[]) => (answer[2] as { transactionId: number }).transactionId;

/** Meter, and what its register lost, as Postgres was told last. */
async function told(charger: Charger, id: number) {
  await inObject(charger, (instance) => instance.alarm());
  const facts = database.factsOf(charger.ref.chargerId).filter((fact) => fact["transaction_id"] === id);
  const last = facts.filter((fact) => fact["revision"] !== undefined).at(-1);
  return [last?.["last_meter_wh"], last?.["meter_stop_wh"], last?.["meter_offset_wh"]];
}

test("what a register loses by a reset or a rollover is told, also over an eviction and at the end", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const id = idOf(await station.call("StartTransaction", start(1, 10_000)));
  for (const [minute, reading] of [
    [5, 14_000],
    [10, 500],
  ] as const)
    await station.call("MeterValues", values(id, minute, reading));
  expect(await told(charger, id)).toEqual([500, null, 14_000]);
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  // A repeat and a value that comes late change nothing.
  await station.call("MeterValues", values(id, 10, 500));
  await station.call("MeterValues", values(id, 7, 14_100));
  await station.call("MeterValues", values(id, 15, 3000));
  expect(await told(charger, id)).toEqual([3000, null, 14_000]);
  const stop = { transactionId: id, meterStop: 20, timestamp: "2026-05-01T11:00:00Z" };
  await station.call("StopTransaction", stop);
  expect(await told(charger, id)).toEqual([3000, 20, 17_000]);
});

test("a register that only counts up loses nothing, and its object has no table for it", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const id = idOf(await station.call("StartTransaction", start(1, 10_000)));
  await station.call("MeterValues", values(id, 5, 14_000));
  const stop = { transactionId: id, meterStop: 15_000, timestamp: "2026-05-01T11:00:00Z" };
  await station.call("StopTransaction", stop);
  expect(await told(charger, id)).toEqual([14_000, 15_000, 0]);
  const tables = await inObject(charger, (_instance, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'meter_breaks'").toArray(),
  );
  expect(tables).toEqual([]);
});
