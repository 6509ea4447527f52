import { beforeEach, expect, test, vi } from "vitest";
import { DatabaseDouble } from "./database-double.ts";
import { type Charger, inObject, provisioned, shiftSocketTimes, StationDouble } from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

/** As if the socket had been opened, and last heard of, that long ago; then the alarm rings. */
async function ring(charger: Charger, agoMs: number): Promise<number | null> {
  const nowMs = Date.now();
  const thenMs = nowMs - agoMs;
  await shiftSocketTimes(charger, ({ lastMessageAtMs }) => ({
    connectedAtMs: thenMs,
    lastMessageAtMs: lastMessageAtMs && thenMs,
  }));
  return ringAt(charger, nowMs);
}

/** The clock stands still while the alarm rings. */
function ringAt(charger: Charger, nowMs: number): Promise<number | null> {
  return inObject(charger, async (instance, state) => {
    const now = vi.spyOn(Date, "now").mockReturnValue(nowMs);
    await instance.alarm();
    now.mockRestore();
    return state.storage.getAlarm();
  });
}

/** The alarm rings so long after the probe was sent. */
async function passProbe(charger: Charger, agoMs: number): Promise<void> {
  const probedAtMs = await inObject(
    charger,
    (_instance, { storage }) => storage.kv.get<{ probedAtMs: number }>("record")?.probedAtMs ?? 0,
  );
  await ringAt(charger, probedAtMs + agoMs);
}

test("closes binary frames with 1003", async () => {
  const station = await StationDouble.booted(await provisioned());
  station.socket.send(new Uint8Array([1, 2, 3]));
  expect(await station.untilClosed()).toEqual({ code: 1003, reason: "text only" });
});

test("closes frames over 1 MiB with 1009, counted in bytes, and takes one just below", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const fits = JSON.stringify([2, "fits", "DataTransfer", { vendorId: "V", data: "x".repeat(1_000_000) }]);
  station.socket.send(fits);
  await station.until("an answer", () => station.frames.find(([, id]) => id === "fits"));
  station.socket.send(
    JSON.stringify([2, "big", "DataTransfer", { vendorId: "V", data: "é".repeat(600_000) }]),
  );
  expect(await station.untilClosed()).toEqual({ code: 1009, reason: "too big" });
});

test("closes with 1002 after more than 10 malformed frames in a row", async () => {
  const station = await StationDouble.booted(await provisioned());
  for (let frame = 0; frame < 10; frame++) station.socket.send("{");
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  for (let frame = 0; frame < 11; frame++) station.socket.send("{");
  expect(await station.untilClosed()).toEqual({ code: 1002, reason: "protocol error" });
});

test("closes with 1002 after 50 malformed frames in a minute between good ones", async () => {
  const station = await StationDouble.booted(await provisioned());
  for (let round = 0; round < 10; round++) {
    for (let frame = 0; frame < 5; frame++) station.socket.send("[]");
    station.socket.send(JSON.stringify([2, `h${round}`, "Heartbeat", {}]));
  }
  expect(await station.untilClosed()).toEqual({ code: 1002, reason: "protocol error" });
});

test("answers a malformed frame under the message id -1, with the error code as the version spells it", async () => {
  const station = await StationDouble.booted(await provisioned());
  station.socket.send("nonsense");
  const answer = await station.until("an answer", () => station.frames.find(([, id]) => id === "-1"));
  expect(answer).toEqual([4, "-1", "FormationViolation", "", {}]);
});

test("takes a backlog of 2,000 messages sent one at a time, in order and without a close", async () => {
  const station = await StationDouble.booted(await provisioned());
  for (let message = 0; message < 2000; message++) await station.call("Heartbeat", {});
  expect(station.closed).toBeNull();
});

test("closes a station that floods without waiting for answers with 4029", async () => {
  const station = await StationDouble.booted(await provisioned());
  const padding = "x".repeat(900_000);
  // Twice what is borne: a slow machine forgives a part of it while it reads.
  for (let message = 0; message < 80; message++) station.send([2, `f${message}`, "Heartbeat", { padding }]);
  expect(await station.untilClosed()).toEqual({ code: 4029, reason: "too many messages" });
});

test("closes the first ever connection with 4008 when no CALL came within two minutes", async () => {
  const charger = await provisioned();
  const station = await StationDouble.connect(charger);
  await ring(charger, 119_000);
  expect(station.closed).toBeNull();
  await ring(charger, 120_000);
  expect(await station.untilClosed()).toEqual({ code: 4008, reason: "no message" });
});

test("a later connection may stay silent for longer", async () => {
  const charger = await provisioned();
  await StationDouble.booted(charger);
  const station = await StationDouble.connect(charger);
  await ring(charger, 200_000);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
});

test("a station silent for 750 s is asked for a heartbeat, and any answer keeps it online", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await ring(charger, 749_000);
  await ring(charger, 750_000);
  const [, id, action, payload] = await station.nextCall();
  expect({ action, payload }).toEqual({
    action: "TriggerMessage",
    payload: { requestedMessage: "Heartbeat" },
  });
  station.send([4, id, "NotSupported", "", {}]);
  await station.call("Heartbeat", {});
  await inObject(charger, (instance) => instance.alarm());
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ online: true });
});

test("a station that does not answer the probe within 20 s is closed with 4008 and shown offline", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await ring(charger, 750_000);
  await station.nextCall();
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({ online: false });
  await passProbe(charger, 19_999);
  expect(station.closed).toBeNull();
  await passProbe(charger, 20_000);
  expect(await station.untilClosed()).toEqual({ code: 4008, reason: "no message" });
  expect(await charger.session.command(charger.ref, { kind: "clearCache" }, 1000)).toEqual({
    kind: "offline",
  });
});

test("traffic pushes the alarm of a healthy object at most once a minute", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const alarmAt = await ring(charger, 0);
  for (let beat = 0; beat < 5; beat++) await station.call("Heartbeat", {});
  const after = await inObject(charger, (_instance, state) => state.storage.getAlarm());
  expect(after).toBe(alarmAt);
  expect((alarmAt ?? 0) - Date.now()).toBeGreaterThan(700_000);
});
