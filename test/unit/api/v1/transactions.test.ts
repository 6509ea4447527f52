import { expect, test } from "vitest";
import type { StoredTransaction } from "../../../../src/ports.ts";
import { bodyOf, createWorld } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";

const STORED: StoredTransaction = {
  id: "txn_01JKB2M3N4P5Q6R7S8T9V0W1X2",
  transactionId: 12345,
  ocppTransactionId: null,
  chargerId: "c",
  identity: "CHARGER-001",
  evseId: 1,
  idTag: "USER123",
  status: "completed",
  meterStartWh: 1000,
  meterStopWh: 15_000,
  lastMeterWh: 14_900,
  startedAt: new Date("2026-02-06T14:30:00Z"),
  stoppedAt: new Date("2026-02-06T15:15:59Z"),
  stopReason: "Local",
  remoteStarted: true,
  updatedAt: new Date("2026-02-06T15:16:02Z"),
};

const COMPLETED = {
  id: "txn_01JKB2M3N4P5Q6R7S8T9V0W1X2",
  transactionId: 12345,
  chargeBoxId: "CHARGER-001",
  connectorId: 1,
  idTag: "USER123",
  status: "completed",
  meterStart: 1000,
  meterStop: 15_000,
  energyDelivered: 14,
  durationMinutes: 45,
  startTime: "2026-02-06T14:30:00.000Z",
  stopTime: "2026-02-06T15:15:59.000Z",
  stopReason: "Local",
  remoteStarted: true,
};

async function show(stored: StoredTransaction | null, id = "12345") {
  const asked: unknown[] = [];
  const transaction = async (...args: unknown[]) => (asked.push(args), stored);
  const world = createWorld({}, { history: { ...unusedPort("history"), transaction } });
  const headers = { "x-api-key": await world.apiKey("viewer") };
  const response = await world.request(`/api/v1/transactions/${id}`, { headers });
  expect(asked).toEqual([[world.organization.id, id]]);
  return [response.status, await bodyOf(response)];
}

test("a transaction that is over has its meters in Wh, its energy in kWh and whole minutes", async () => {
  expect(await show(STORED)).toEqual([200, COMPLETED]);
});

test("a transaction in progress has no end, and the energy and duration of its last message", async () => {
  const running = { status: "in_progress", meterStopWh: null, stoppedAt: null, stopReason: null } as const;
  const updatedAt = new Date("2026-02-06T14:45:30Z");
  expect(await show({ ...STORED, ...running, lastMeterWh: 4500, updatedAt })).toEqual([
    200,
    {
      ...COMPLETED,
      status: "in_progress",
      meterStop: null,
      energyDelivered: 3.5,
      durationMinutes: 15,
      stopTime: null,
      stopReason: null,
    },
  ]);
});

test("a transaction of OCPP 2.x names the station's own id, and without meter it has no energy", async () => {
  const changed = { ocppTransactionId: "t-1", meterStartWh: null, meterStopWh: null, lastMeterWh: null };
  expect(await show({ ...STORED, ...changed })).toEqual([
    200,
    { ...COMPLETED, ocppTransactionId: "t-1", meterStart: null, meterStop: null, energyDelivered: null },
  ]);
});

test("an unknown transaction is 404 under the id that was asked for", async () => {
  expect(await show(null, "txn_NONE")).toEqual([
    404,
    { success: false, error: { code: "NOT_FOUND", message: "Transaction txn_NONE not found" } },
  ]);
});
