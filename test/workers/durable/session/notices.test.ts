import { beforeEach, expect, test } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { type Charger, inObject, provisioned, StationDouble } from "./station-double.ts";

let database: DatabaseDouble;
beforeEach(() => {
  database = new DatabaseDouble();
});

const TIME = "2026-05-01T10:00:00.000Z";
const notifyEvent = (name: string, actualValue: string) => ({
  generatedAt: TIME,
  seqNo: 0,
  eventData: [
    {
      eventId: 1,
      timestamp: TIME,
      trigger: "Delta",
      actualValue,
      component: { name: "SecurityCtrlr" },
      variable: { name },
      eventNotificationType: "PreconfiguredMonitor",
    },
  ],
});

async function notices(charger: Charger) {
  await inObject(charger, (instance) => instance.alarm());
  return database.factsOf(charger.ref.chargerId).filter(({ payload }) => payload !== undefined);
}

test("messages without a handler of their own become facts with their payload, except parts of reports", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const schedule = {
    id: 1,
    chargingRateUnit: "A",
    chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }],
  };
  const sent: [string, object][] = [
    ["NotifyEvent", notifyEvent("Temperature", "80")],
    ["NotifyChargingLimit", { chargingLimit: { chargingLimitSource: "EMS" }, chargingSchedule: [schedule] }],
    ["ClearedChargingLimit", { chargingLimitSource: "EMS" }],
    ["NotifyEVChargingNeeds", { evseId: 1, chargingNeeds: { requestedEnergyTransfer: "DC" } }],
    ["NotifyEVChargingSchedule", { timeBase: TIME, evseId: 1, chargingSchedule: schedule }],
    ["ReservationStatusUpdate", { reservationId: 8, reservationUpdateStatus: "Expired" }],
  ];
  for (const [action, payload] of sent) expect((await station.call(action, payload))[0]).toBe(3);
  await station.call("NotifyReport", { requestId: 5, generatedAt: TIME, seqNo: 0 });
  const told = await notices(charger);
  expect(told.map(({ action, payload }) => [action, payload])).toEqual(sent);
  expect(told[0]).toMatchObject({ at: TIME });
});

test("the fact of a message has no secrets, and is marked where it was truncated", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  await station.call("NotifyEvent", notifyEvent("BasicAuthPassword", "hunter2"));
  await station.call("NotifyEvent", notifyEvent("Temperature", "x".repeat(70_000)));
  const [secret, long] = await notices(charger);
  expect(JSON.stringify(secret)).not.toContain("hunter2");
  const truncated = (long?.["payload"] as { truncated?: string } | undefined)?.truncated;
  expect(truncated).toHaveLength(65_536);
  expect(truncated).toMatch(/^\{"generatedAt":.*…\[truncated\]$/);
});
