import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation } from "../harness/ocpp-station/raw-station.ts";
import { openSql } from "../harness/sql.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** The transaction rows of a charger, deleted or not. */
async function rowsOf(identity: string) {
  const text = `SELECT t.* FROM transactions t JOIN chargers c ON c.id = t.charger_id
    WHERE c.identity = $1 ORDER BY t.transaction_id`;
  return openSql(stack.address("sql"))(text, [identity]);
}

async function begin(station: RawStation, timestamp = new Date().toISOString()): Promise<number> {
  const start = { connectorId: 1, idTag: "TAG", meterStart: 1000, timestamp };
  const [type, , answer] = await station.call("StartTransaction", start);
  expect([type, answer]).toMatchObject([3, { idTagInfo: { status: "Accepted" } }]);
  return (answer as { transactionId: number }).transactionId;
}

test("a transaction is stored in Postgres once, also when the Worker is killed in the middle of it", async () => {
  const door = await newDoor(stack, "CHARGES");
  const station = await RawStation.booted(door);
  const timestamp = new Date().toISOString();
  const transactionId = await begin(station, timestamp);
  await waitFor("the row", async () => (await rowsOf("CHARGES")).length === 1);
  await stack.replacePart("worker");
  const again = await waitFor("a new connection", () => RawStation.connect(door).catch(() => null));
  expect(await begin(again, timestamp)).toBe(transactionId);
  const value = { value: "7.5", unit: "kWh" };
  const meterValue = [{ timestamp: new Date().toISOString(), sampledValue: [value] }];
  await again.call("MeterValues", { connectorId: 1, transactionId, meterValue });
  const stop = {
    transactionId,
    meterStop: 9000,
    timestamp: new Date().toISOString(),
    reason: "EVDisconnected",
  };
  expect((await again.call("StopTransaction", stop))[0]).toBe(3);
  const ended = await waitFor("the end", async () =>
    (await rowsOf("CHARGES")).find(({ status }) => status === "completed"),
  );
  expect(ended).toMatchObject({ transaction_id: transactionId, stop_reason: "EVDisconnected" });
  expect([Number(ended["meter_stop_wh"]), Number(ended["last_meter_wh"])]).toEqual([9000, 7500]);
  expect(await rowsOf("CHARGES")).toHaveLength(1);
  const later = { ...stop, meterStop: 12_000 };
  expect((await again.call("StopTransaction", later))[0]).toBe(3);
  const shown = await waitFor("the conflict", async () => {
    const { body } = await call(stack, "GET", "/api/v1/chargers/CHARGES");
    return z.object({ stopConflicts: z.array(z.unknown()) }).safeParse(body).data?.stopConflicts;
  });
  expect(shown).toMatchObject([
    { transactionId, kept: { meterStop: 9000 }, told: { meterStop: 12_000, stopReason: "EVDisconnected" } },
  ]);
  expect(Number((await rowsOf("CHARGES"))[0]?.["meter_stop_wh"])).toBe(9000);
  const next = await begin(again);
  expect(next).toBeGreaterThan(transactionId);
  again.socket.close();
});

test("the state of a charger has the newest value of each measurand, whatever the newest message leaves out", async () => {
  const door = await newDoor(stack, "MEASURES");
  const station = await RawStation.booted(door);
  const transactionId = await begin(station);
  const measure = (sample: object, claim: object) =>
    station.call("MeterValues", {
      connectorId: 1,
      ...claim,
      meterValue: [{ timestamp: new Date().toISOString(), sampledValue: [sample] }],
    });
  await measure({ measurand: "Power.Active.Import", value: "7360", unit: "W" }, {});
  await measure({ measurand: "Current.Import", value: "32", unit: "A", phase: "L1" }, { transactionId });
  await measure({ value: "2500", unit: "Wh" }, {});
  const { body } = await call(stack, "GET", "/api/v1/chargers/MEASURES");
  const { id } = z.object({ id: z.string() }).parse(body);
  const stateOf = async () => {
    const answer = await call(stack, "GET", `/api/chargers/${id}/state`);
    const states = z.array(z.object({ StateId: z.number(), ValueAsString: z.string() })).parse(answer.body);
    return Object.fromEntries(states.map(({ StateId, ValueAsString }) => [StateId, ValueAsString]));
  };
  const state = await waitFor("the newest energy", async () => {
    const known = await stateOf();
    // A flush stores the transaction and its meter values one after the other.
    return known[553] === "1.5" && known[513] !== undefined && known[507] !== undefined && known;
  });
  expect(state).toMatchObject({ "-2": "1", 507: "32", 513: "7360", 519: "1" });
  const stop = { transactionId, meterStop: 2500, timestamp: new Date().toISOString() };
  await station.call("StopTransaction", stop);
  const after = await waitFor("the end of the session", async () => {
    const known = await stateOf();
    return known[721] === undefined && known;
  });
  expect([after[507], after[513]]).toEqual([undefined, undefined]);
  station.socket.close();
});

test("deleting a charger closes its socket with 4004, ends its transaction and refuses its next login with 404", async () => {
  const door = await newDoor(stack, "DELETED");
  const station = await RawStation.booted(door);
  await begin(station);
  const { status, body } = await call(stack, "DELETE", "/api/v1/chargers/DELETED");
  expect([status, body]).toEqual([200, { message: "Charger deleted successfully", chargeBoxId: "DELETED" }]);
  expect(await station.untilClosed()).toBe(4004);
  await expect(RawStation.connect(door)).rejects.toThrow("404");
  const ended = await waitFor("the end", async () =>
    (await rowsOf("DELETED")).find((row) => row["status"] === "completed"),
  );
  expect(ended).toMatchObject({ stop_reason: "Other" });
  expect((await call(stack, "GET", "/api/v1/chargers/DELETED")).status).toBe(404);
  const heir = await newDoor(stack, "DELETED");
  await expect(RawStation.connect(door)).rejects.toThrow("401");
  await (await RawStation.booted(heir)).socket.close();
});

test("a charger set to Pending waits, and is asked to boot again when it is accepted", async () => {
  const door = await newDoor(stack, "WAITS");
  const set = (status: string) => call(stack, "PUT", "/api/v1/chargers/WAITS/registration", { status });
  expect(await set("Pending")).toMatchObject({
    status: 200,
    body: { chargeBoxId: "WAITS", status: "Pending" },
  });
  const station = await RawStation.connect(door);
  const boot = { chargePointVendor: "Acme", chargePointModel: "Raw" };
  expect((await station.call("BootNotification", boot))[2]).toMatchObject({
    status: "Pending",
    interval: 60,
  });
  expect((await station.call("Heartbeat", {}))[2]).toBe("SecurityError");
  station.react = () => ({ status: "Accepted" });
  expect((await set("Accepted")).status).toBe(200);
  expect(await station.nthCall(0)).toMatchObject({ action: "TriggerMessage" });
  expect((await station.call("BootNotification", boot))[2]).toMatchObject({ status: "Accepted" });
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  station.socket.close();
});

test("a backlog of 10,000 messages is answered in order, stored once each and does not change the newest status", async () => {
  const station = await RawStation.booted(await newDoor(stack, "BACKLOG"));
  const answered = async (action: string, payload: object) => {
    const [type, , answer] = await station.call(action, payload);
    expect([type, action]).toEqual([3, action]);
    return answer as { transactionId: number };
  };
  const status = { connectorId: 1, errorCode: "NoError" };
  await answered("StatusNotification", {
    ...status,
    status: "Available",
    timestamp: new Date().toISOString(),
  });
  // More than a day back would be a wrong clock, and ordered by its arrival.
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const sessions = 1000;
  const readings = 8;
  const beganAtMs = Date.now() - 100 * 24 * 3_600_000;
  const transactionIds: number[] = [];
  for (let session = 0; session < sessions; session++) {
    const at = (minute: number) => new Date(beganAtMs + session * 7_200_000 + minute * 60_000).toISOString();
    const start = { connectorId: 1, idTag: "TAG", meterStart: session * 1000, timestamp: at(0) };
    const { transactionId } = await answered("StartTransaction", start);
    transactionIds.push(transactionId);
    if (session % 100 === 0)
      await answered("StatusNotification", { ...status, status: "Charging", timestamp: hourAgo });
    for (let reading = 1; reading <= readings; reading++) {
      const value = String(session * 1000 + reading * 100);
      const meterValue = [{ timestamp: at(reading), sampledValue: [{ value }] }];
      await answered("MeterValues", { connectorId: 1, transactionId, meterValue });
    }
    const stop = { transactionId, meterStop: session * 1000 + 900, timestamp: at(30), idTag: "TAG" };
    await answered("StopTransaction", stop);
  }
  expect(station.closeCode).toBeNull();
  expect(transactionIds).toEqual(transactionIds.toSorted((one, other) => one - other));
  const text = `SELECT count(DISTINCT t.id)::int AS sessions, count(m.id)::int AS readings,
      bool_and(t.status = 'completed' AND t.meter_stop_wh = t.meter_start_wh + 900) AS right
    FROM transactions t JOIN chargers c ON c.id = t.charger_id
    LEFT JOIN meter_values m ON m.organization_id = t.organization_id AND m.transaction_id = t.transaction_id
      AND m.reason = 'MeterValues'
    WHERE c.identity = 'BACKLOG'`;
  const expected = JSON.stringify({ sessions, readings: sessions * readings, right: true });
  await waitFor(
    "the whole backlog in Postgres",
    async () => JSON.stringify((await openSql(stack.address("sql"))(text, []))[0]) === expected,
    60_000,
  );
  const { body } = await call(stack, "GET", "/api/v1/chargers/BACKLOG");
  expect(body).toMatchObject({ isOnline: true, connectors: [{ connectorId: 1, status: "Available" }] });
  station.socket.close();
});
