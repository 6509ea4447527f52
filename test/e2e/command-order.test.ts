import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "../harness/fleet.ts";
import { newDoor } from "../harness/ocpp-station/door.ts";
import { RawStation, type RawCall } from "../harness/ocpp-station/raw-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";

const COMMANDS = 1000;
const LANES = 16;
const WAITING_MAX = 32;

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const booted = async (identity: string) => RawStation.booted(await newDoor(stack, identity));

function post(identity: string, command: string, body: object, timeoutSeconds = 30) {
  const path = `/api/v1/chargers/${identity}${command}?timeout=${timeoutSeconds}`;
  return call(stack, "POST", path, body);
}

const change = (identity: string, value: string, timeoutSeconds?: number) =>
  post(identity, "/configuration/change", { key: "HeartbeatInterval", value }, timeoutSeconds);

const changed = (chargeBoxId: string, value: string) => ({
  chargeBoxId,
  key: "HeartbeatInterval",
  value,
  status: "Accepted",
  message: "Configuration changed successfully",
  ocppStatus: "Accepted",
});

const valuesAt = (station: RawStation) =>
  station.calls
    .filter(({ action }) => action === "ChangeConfiguration")
    .map(({ payload }) => String(payload["value"]));

/** A station that stores the last value it was sent. */
function remembers(station: RawStation): void {
  let value = "300";
  station.react = ({ action, payload }: RawCall) => {
    if (action !== "ChangeConfiguration")
      return { configurationKey: [{ key: "HeartbeatInterval", readonly: false, value }] };
    value = String(payload["value"]);
    return { status: "Accepted" };
  };
}

async function readBack(identity: string) {
  const { body } = await post(identity, "/configuration/get", { key: ["HeartbeatInterval"] });
  return body;
}

const holding = (value: string) => ({
  configurationKey: [{ key: "HeartbeatInterval", readonly: false, value }],
});

test("1,000 changes sent one after the other arrive in that order, are all confirmed, and the last value is in force", async () => {
  const station = await booted("ORDER-1");
  remembers(station);
  const values = Array.from({ length: COMMANDS }, (_, index) => String(index));
  for (const value of values) {
    const { status, body } = await change("ORDER-1", value);
    expect(status).toBe(200);
    expect(body).toEqual(changed("ORDER-1", value));
  }
  expect(valuesAt(station)).toEqual(values);
  expect(await readBack("ORDER-1")).toMatchObject(holding(String(COMMANDS - 1)));
  station.socket.close();
});

test("1,000 changes of sixteen clients at once arrive once each and in the order of every client", async () => {
  const station = await booted("ORDER-16");
  remembers(station);
  const ofLane = (lane: number) =>
    Array.from({ length: Math.ceil(COMMANDS / LANES) }, (_, index) => `${lane}.${index}`);
  const lanes = Array.from({ length: LANES }, (_, lane) => ofLane(lane));
  await Promise.all(
    lanes.map(async (values) => {
      for (const value of values) {
        const { status, body } = await change("ORDER-16", value);
        expect(status).toBe(200);
        expect(body).toEqual(changed("ORDER-16", value));
      }
    }),
  );
  const arrived = valuesAt(station);
  expect(arrived).toHaveLength(lanes.flat().length);
  for (const [lane, values] of lanes.entries())
    expect(arrived.filter((value) => value.startsWith(`${lane}.`))).toEqual(values);
  expect(await readBack("ORDER-16")).toMatchObject(holding(arrived.at(-1) ?? ""));
  station.socket.close();
});

test("32 commands wait behind the outstanding one, one more is refused at once and never sent", async () => {
  const station = await booted("BUSY");
  const all = Array.from({ length: 1 + WAITING_MAX + 1 }, (_, index) => change("BUSY", String(index)));
  const refused = await Promise.race(all);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.body).toMatchObject({
    success: false,
    error: { code: "CHARGER_BUSY", message: "Too many commands wait for charger BUSY", sent: false },
  });
  const { id } = await station.nthCall(0);
  expect(station.calls).toHaveLength(1);
  station.react = () => ({ status: "Accepted" });
  station.send([3, id, { status: "Accepted" }]);
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([...Array<number>(1 + WAITING_MAX).fill(200), 503]);
  expect(new Set(valuesAt(station)).size).toBe(1 + WAITING_MAX);
  expect(station.calls).toHaveLength(1 + WAITING_MAX);
  station.socket.close();
});

test("a command that was answered 504 with sent false never reaches the station", async () => {
  const station = await booted("NEVER");
  const first = change("NEVER", "first", 20);
  const { id } = await station.nthCall(0);
  const waiting = await Promise.all(
    Array.from({ length: 10 }, (_, index) => change("NEVER", `waiting ${index}`, 1)),
  );
  for (const { status, body } of waiting) {
    expect(status).toBe(504);
    expect(body).toMatchObject({ error: { code: "TIMEOUT", sent: false } });
  }
  station.react = () => ({ status: "Accepted" });
  station.send([3, id, { status: "Accepted" }]);
  expect((await first).status).toBe(200);
  expect((await change("NEVER", "after")).status).toBe(200);
  expect(valuesAt(station)).toEqual(["first", "after"]);
  station.socket.close();
});

test("a late, repeated or guessed CALLRESULT changes no other command's answer", async () => {
  const station = await booted("LATE");
  const late = await change("LATE", "late", 1);
  expect(late.status).toBe(504);
  expect(late.body).toMatchObject({ error: { code: "TIMEOUT", sent: true } });
  const next = change("LATE", "next");
  const { id } = await station.nthCall(1);
  const lateId = station.calls[0]?.id ?? "";
  for (const stray of [lateId, lateId, crypto.randomUUID(), ""]) {
    station.send([3, stray, { status: "Rejected" }]);
    station.send([4, stray, "InternalError", "", {}]);
  }
  station.send([3, id, { status: "RebootRequired" }]);
  expect((await next).body).toMatchObject({ value: "next", status: "RebootRequired" });
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  station.socket.close();
});
