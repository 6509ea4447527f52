import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import { Unavailable } from "../../../../src/errors.ts";
import { DatabaseDouble } from "./database-double.ts";
import { inObject, newCharger, provisioned, StationDouble } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const sessions = durableSessions(readEnv(env as RawEnv));
const clearCache = { kind: "clearCache" } as const;

async function bootedCharger() {
  const charger = await provisioned();
  return { charger, station: await StationDouble.booted(charger) };
}

test("a refusal by the station is an answer", async () => {
  const { charger, station } = await bootedCharger();
  const outcome = sessions.command(charger.ref, clearCache, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Rejected" }]);
  expect(await outcome).toMatchObject({
    kind: "answered",
    version: "ocpp1.6",
    answer: { status: "rejected" },
  });
});

test("a CALLERROR ends the command with the station's own code and words", async () => {
  const { charger, station } = await bootedCharger();
  const outcome = sessions.command(charger.ref, clearCache, 5000);
  const [, id] = await station.nextCall();
  station.send([4, id, "NotImplemented", "no cache here", {}]);
  expect(await outcome).toEqual({
    kind: "stationError",
    code: "NotImplemented",
    description: "no cache here",
    action: "ClearCache",
  });
});

test("an answer that breaks the schema is never success", async () => {
  const { charger, station } = await bootedCharger();
  const outcome = sessions.command(charger.ref, clearCache, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Perhaps" }]);
  expect(await outcome).toMatchObject({ kind: "invalidAnswer" });
});

test("without an answer the command ends at its deadline, and the next one is not answered by the late answer", async () => {
  const { charger, station } = await bootedCharger();
  const late = sessions.command(charger.ref, clearCache, 100);
  const [, lateId] = await station.nextCall();
  expect(await late).toEqual({ kind: "timeout", sent: true });
  const next = sessions.command(charger.ref, clearCache, 5000);
  const [, id] = await station.nextCall();
  station.send([3, lateId, { status: "Rejected" }]);
  station.send([3, id, { status: "Accepted" }]);
  expect(await next).toMatchObject({ kind: "answered", answer: { status: "accepted" } });
});

test("a command that timed out before it was sent never reaches the station", async () => {
  const { charger, station } = await bootedCharger();
  const first = sessions.command(charger.ref, clearCache, 5000);
  const [, id] = await station.nextCall();
  expect(await sessions.command(charger.ref, { kind: "reset", type: "Hard" }, 100)).toEqual({
    kind: "timeout",
    sent: false,
  });
  station.send([3, id, { status: "Accepted" }]);
  await first;
  await station.call("Heartbeat", {});
  expect(station.frames.filter(([type]) => type === 2).map(([, , action]) => action)).toEqual(["ClearCache"]);
});

test("a lost socket ends the sent command and the waiting ones at once; each outcome says whether it was sent", async () => {
  const { charger, station } = await bootedCharger();
  const sent = sessions.command(charger.ref, clearCache, 30_000);
  await station.nextCall();
  const waiting = sessions.command(charger.ref, clearCache, 30_000);
  await charger.session.snapshot(charger.ref);
  station.socket.close(1000, "bye");
  expect(await Promise.all([sent, waiting])).toEqual([
    { kind: "lost", sent: true, reason: "disconnected" },
    { kind: "lost", sent: false, reason: "disconnected" },
  ]);
  expect(await sessions.command(charger.ref, clearCache, 1000)).toEqual({ kind: "offline" });
});

test("an object reset with a command in flight leaves its effect unknown, and it is not sent again", async () => {
  const { charger, station } = await bootedCharger();
  const outcome = sessions.command(charger.ref, { kind: "reset", type: "Hard" }, 30_000);
  await station.nextCall();
  await inObject(charger, (_instance, state) => state.abort("a new release")).catch(() => {});
  expect(await outcome).toEqual({ kind: "lost", sent: true, reason: "disconnected" });
  expect(station.frames.filter(([, , action]) => action === "Reset")).toHaveLength(1);
  expect(await sessions.command(charger.ref, clearCache, 1000)).toEqual({ kind: "offline" });
});

test("an overloaded object refuses a command unsent, and is called once", async () => {
  const command = vi.fn(() =>
    Promise.reject(Object.assign(new Error("overloaded"), { retryable: true, overloaded: true })),
  );
  const overloaded = { getByName: () => ({ command }) } as unknown as RawEnv["CHARGE_POINT_SESSION"];
  const busy = durableSessions({ ...readEnv(env as RawEnv), CHARGE_POINT_SESSION: overloaded });
  await expect(busy.command(newCharger().ref, clearCache, 1000)).rejects.toBeInstanceOf(Unavailable);
  expect(command).toHaveBeenCalledOnce();
});

test("a command to a charger that never connected is answered offline, to one that was never provisioned notProvisioned", async () => {
  const charger = await provisioned();
  expect(await sessions.command(charger.ref, clearCache, 1000)).toEqual({ kind: "offline" });
  expect(await sessions.command(newCharger().ref, clearCache, 1000)).toEqual({ kind: "notProvisioned" });
  const foreign = { ...charger.ref, chargerId: crypto.randomUUID() };
  expect(await sessions.command(foreign, clearCache, 1000)).toEqual({ kind: "notProvisioned" });
  const anyId = { organizationSlug: charger.ref.organizationSlug, identity: charger.ref.identity };
  expect(await sessions.command(anyId, clearCache, 1000)).toEqual({ kind: "offline" });
});

test("at most 32 commands wait, and all go out one at a time in the order they came", async () => {
  const { charger, station } = await bootedCharger();
  const unlock = (connectorId: number) =>
    charger.session.command(charger.ref, { kind: "unlock", connectorId }, 20_000);
  const outcomes = Array.from({ length: 33 }, (_, index) => unlock(index + 1));
  await station.until("the first CALL", () => station.frames.find(([type]) => type === 2));
  expect(await unlock(99)).toEqual({ kind: "busy" });
  for (let connectorId = 1; connectorId <= 33; connectorId++) {
    const [, id, , payload] = await station.nextCall();
    expect(payload).toEqual({ connectorId });
    expect(station.frames.filter(([type]) => type === 2)).toHaveLength(connectorId);
    station.send([3, id, { status: "Unlocked" }]);
  }
  for (const outcome of await Promise.all(outcomes)) expect(outcome.kind).toBe("answered");
});

test("a CALL of the station is answered while ours is outstanding", async () => {
  const { charger, station } = await bootedCharger();
  const outcome = sessions.command(charger.ref, clearCache, 5000);
  const [, id] = await station.nextCall();
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  station.send([3, id, { status: "Accepted" }]);
  expect((await outcome).kind).toBe("answered");
});

test("answers with a guessed id, twice or after an eviction change nothing", async () => {
  const { charger, station } = await bootedCharger();
  const outcome = sessions.command(charger.ref, clearCache, 5000);
  const [, id] = await station.nextCall();
  station.send([3, crypto.randomUUID(), { status: "Rejected" }]);
  station.send([3, id, { status: "Accepted" }]);
  station.send([3, id, { status: "Rejected" }]);
  expect(await outcome).toMatchObject({ answer: { status: "accepted" } });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  station.send([3, id, { status: "Rejected" }]);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
});

test("a command that breaks the schema of the connection's version never reaches the station", async () => {
  const { charger, station } = await bootedCharger();
  const command = { kind: "call", action: "Reset", payload: { type: "Sideways" } } as const;
  expect(await sessions.command(charger.ref, command, 1000)).toEqual({
    kind: "invalidCommand",
    reason: "Reset /type enum",
    pointer: "/type",
  });
  await station.call("Heartbeat", {});
  expect(station.frames.some(([type]) => type === 2)).toBe(false);
});

test("ends with the missing parts when the last part of a report has come, and lets the next command go out", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const outcome = charger.session.command(charger.ref, { kind: "getConfiguration", keys: [] }, 60_000);
  const [, id, , payload] = await station.nextCall();
  const part = (seqNo: number, tbc: boolean) =>
    station.call("NotifyReport", {
      requestId: payload.requestId,
      generatedAt: new Date().toISOString(),
      seqNo,
      tbc,
    });
  // The last part may come ahead of the answer to the request.
  await part(0, true);
  await part(3, false);
  station.send([3, id, { status: "Accepted" }]);
  expect(await outcome).toEqual({ kind: "incompleteReport", missing: [1, 2] });
  const next = charger.session.command(charger.ref, { kind: "clearCache" }, 5000);
  const [, nextId, action] = await station.nextCall();
  expect(action).toBe("ClearCache");
  station.send([3, nextId, { status: "Accepted" }]);
  expect((await next).kind).toBe("answered");
});

test("reads the whole configuration of a 2.x station from the report it sends in parts, also out of order", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger, { protocol: "ocpp2.0.1" });
  const outcome = charger.session.command(charger.ref, { kind: "getConfiguration", keys: [] }, 5000);
  const [, id, action, payload] = await station.nextCall();
  expect(action).toBe("GetBaseReport");
  const part = (seqNo: number, name: string, tbc: boolean) =>
    station.call("NotifyReport", {
      requestId: payload.requestId,
      generatedAt: new Date().toISOString(),
      seqNo,
      tbc,
      reportData: [
        {
          component: { name: "OCPPCommCtrlr" },
          variable: { name },
          variableAttribute: [{ value: String(seqNo), mutability: "ReadWrite" }],
        },
      ],
    });
  await part(1, "Second", false);
  station.send([3, id, { status: "Accepted" }]);
  await part(0, "First", true);
  expect(await outcome).toMatchObject({
    kind: "answered",
    version: "ocpp2.0.1",
    answer: {
      configurationKey: [
        { key: "OCPPCommCtrlr.First", readonly: false, value: "0" },
        { key: "OCPPCommCtrlr.Second", readonly: false, value: "1" },
      ],
      unknownKey: [],
    },
  });
});

test.each([
  ["ocpp2.1", [[5, "FormatViolation"]]],
  ["ocpp2.0.1", []],
])(
  "a station on %s is told of an answer that cannot be used only where it has a message for it",
  async (protocol, told) => {
    const charger = await provisioned();
    const station = await StationDouble.booted(charger, { protocol });
    const outcome = charger.session.command(charger.ref, { kind: "clearCache" }, 5000);
    const [, id] = await station.nextCall();
    const from = station.frames.length;
    station.send([3, id, { status: 7 }]);
    expect((await outcome).kind).toBe("invalidAnswer");
    await station.call("Heartbeat", {});
    const complaints = station.frames.slice(from).filter((frame) => frame[1] === id);
    expect(complaints.map(([type, , code]) => [type, code])).toEqual(told);
  },
);
