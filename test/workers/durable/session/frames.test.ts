import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import type { FrameQuery } from "../../../../src/ports.ts";
import { DatabaseDouble } from "./database-double.ts";
import {
  type Charger,
  inObject,
  newCharger,
  provisioned,
  StationDouble,
  storedFrames,
} from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

async function framesOf(charger: Charger, query: Partial<FrameQuery> = {}) {
  const page = { startMs: null, endMs: null, action: null, limit: 100, offset: 0, ...query };
  const log = await charger.session.frames(charger.ref, page);
  if (!log) throw new TypeError("not provisioned");
  return log;
}

test("keeps every frame in both directions, newest first, answers under the action of their call", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await station.call("Heartbeat", {});
  const command = charger.session.command(charger.ref, { kind: "clearCache" }, 5000);
  const [, id] = await station.nextCall();
  station.send([3, id, { status: "Accepted" }]);
  await command;
  const { rows, total } = await framesOf(charger);
  expect(total).toBe(6);
  expect(rows.map(({ direction, action }) => `${direction} ${action}`)).toEqual([
    "cp_to_csms ClearCache",
    "csms_to_cp ClearCache",
    "csms_to_cp Heartbeat",
    "cp_to_csms Heartbeat",
    "csms_to_cp BootNotification",
    "cp_to_csms BootNotification",
  ]);
  expect(rows[3]?.message).toBe('[2,"s2","Heartbeat",{}]');
});

test("a station that breaks the schema in every message is logged at the first, the tenth and the hundredth", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const log = vi.spyOn(console, "log");
  for (let beat = 0; beat < 100; beat++) await station.call("Heartbeat", { extra: beat });
  const events = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  const tolerated = events.filter(({ event }) => event === "session.tolerated");
  expect(tolerated.map(({ count }) => count)).toEqual([1, 10, 100]);
  expect(tolerated[0]).toMatchObject({
    action: "Heartbeat",
    breach: expect.stringContaining("additionalProp"),
  });
  log.mockRestore();
});

test("an answer stands before the call it lets go out, so that the log shows one call at a time", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const commands = [1, 2].map(() => charger.session.command(charger.ref, { kind: "clearCache" }, 5000));
  for (const _ of commands) {
    const [, id] = await station.nextCall();
    station.send([3, id, { status: "Accepted" }]);
  }
  await Promise.all(commands);
  const { rows } = await framesOf(charger, { action: "ClearCache" });
  expect(rows.map(({ direction }) => direction)).toEqual([
    "cp_to_csms",
    "csms_to_cp",
    "cp_to_csms",
    "csms_to_cp",
  ]);
});

test("an answer that comes too late changes nothing and is logged under its action", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const outcome = charger.session.command(charger.ref, { kind: "clearCache" }, 50);
  const [, id] = await station.nextCall();
  expect(await outcome).toEqual({ kind: "timeout", sent: true });
  const log = vi.spyOn(console, "log");
  station.send([3, id, { status: "Accepted" }]);
  await vi.waitFor(async () =>
    expect((await framesOf(charger)).rows[0]).toMatchObject({
      direction: "cp_to_csms",
      action: "ClearCache",
    }),
  );
  const events = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  expect(events).toContainEqual(
    expect.objectContaining({
      event: "session.lateAnswer",
      action: "ClearCache",
      lateMs: expect.any(Number) as number,
    }),
  );
  log.mockRestore();
});

test("a long text in place of an action is not logged", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const log = vi.spyOn(console, "log");
  await station.call("x".repeat(100_000), {});
  await station.call("Authorization: Bearer secret", {});
  const { rows } = await framesOf(charger, { limit: 4 });
  expect(rows.map(({ action }) => action)).toEqual([null, null, null, null]);
  expect(log.mock.calls.join("\n")).toContain('"event":"session.refused"');
  expect(log.mock.calls.join("\n")).not.toMatch(/secret|x{65}/);
  log.mockRestore();
});

test("filters by action without case and by time, and pages", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  for (let beat = 0; beat < 5; beat++) await station.call("Heartbeat", {});
  expect(await framesOf(charger, { action: "heartBEAT", limit: 3 })).toMatchObject({
    total: 10,
    rows: { length: 3 },
  });
  expect(await framesOf(charger, { action: "Unknown" })).toEqual({ rows: [], total: 0 });
  const { rows } = await framesOf(charger);
  const first = rows.at(-1)?.atMs ?? 0;
  const last = rows[0]?.atMs ?? 0;
  expect((await framesOf(charger, { startMs: first, endMs: last })).total).toBe(12);
  expect((await framesOf(charger, { startMs: last + 1 })).total).toBe(0);
  expect((await framesOf(charger, { endMs: first - 1 })).total).toBe(0);
  expect((await framesOf(charger, { offset: 10 })).rows).toEqual(rows.slice(10));
});

test("a charger that never connected has an empty log, one that is not provisioned none", async () => {
  expect(await framesOf(await provisioned())).toEqual({ rows: [], total: 0 });
  const unknown = newCharger();
  const page = { startMs: null, endMs: null, action: null, limit: 1, offset: 0 };
  expect(await unknown.session.frames(unknown.ref, page)).toBeNull();
});

test("lists what cannot be read under no action, and cuts frames over 64 KiB", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  station.socket.send("nonsense");
  const long = "x".repeat(100_000);
  station.socket.send(JSON.stringify([2, "long", "DataTransfer", { vendorId: "V", data: long }]));
  await station.call("Heartbeat", {});
  const { rows } = await framesOf(charger);
  expect(rows.find(({ message }) => message === "nonsense")).toMatchObject({ action: null });
  const cut = rows.find(({ action, direction }) => action === "DataTransfer" && direction === "cp_to_csms");
  expect(cut?.message).toHaveLength(64 * 1024 + "…[truncated]".length);
  expect(cut?.message.endsWith("…[truncated]")).toBe(true);
});

test("writes frames in the turn in which they went over the wire", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await station.call("DataTransfer", { vendorId: "V" });
  expect(await storedFrames(charger)).toBe(4);
});

test("redacts secrets before they are stored", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const command = charger.session.command(
    charger.ref,
    { kind: "getConfiguration", keys: ["AuthorizationKey"] },
    5000,
  );
  const [, id] = await station.nextCall();
  const entry = { key: "AuthorizationKey", readonly: false, value: "leaked-by-the-station" };
  station.send([3, id, { configurationKey: [entry] }]);
  await command;
  // A look at the log writes what still waits for its row.
  await framesOf(charger);
  const stored = await inObject(charger, (_instance, state) =>
    JSON.stringify(state.storage.sql.exec("SELECT body FROM frame_blocks").toArray()),
  );
  expect(stored).toContain("***");
  expect(stored).not.toContain("leaked-by-the-station");
});

test("stores no frame with a vendor's password, the signature of a URL or a key in its path", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const secrets = {
    wifi: { WifiPassword: "leaked-1", note: "AdminPassword=leaked-2" },
    upload: "https://files.example.com/leaked3leakedABCDEF0123/log?sig=leaked-4",
  };
  const payload = { vendorId: "V", messageId: "Setup", data: JSON.stringify(secrets) };
  await station.call("DataTransfer", payload);
  const { rows } = await framesOf(charger);
  const kept = rows.find(({ action, direction }) => action === "DataTransfer" && direction === "cp_to_csms");
  expect(kept?.message).toContain("https://files.example.com/***/log?***");
  const stored = await inObject(charger, (_instance, state) =>
    JSON.stringify(state.storage.sql.exec("SELECT body FROM frame_blocks").toArray()),
  );
  expect(stored).not.toContain("leaked");
});

test("is pruned before it exceeds 32 MiB by an eighth, however fast it grows", async () => {
  const charger = await provisioned();
  const message = "x".repeat(64 * 1024);
  const frame = { atMs: Date.now(), direction: "cp_to_csms", action: "Large", message } as const;
  for (let slice = 0; slice < 14; slice++)
    await charger.session.appendFrames(
      charger.ref,
      Array.from({ length: 50 }, () => frame),
    );
  const { total } = await framesOf(charger, { limit: 1 });
  expect(total).toBeGreaterThanOrEqual(512);
  expect(total).toBeLessThanOrEqual(576);
});

test("is searched for frames to drop only when it holds more than 10,000, and then keeps that many", async () => {
  const charger = await provisioned();
  const frame = { atMs: Date.now(), direction: "cp_to_csms", action: "Small", message: "[]" } as const;
  const grow = async (frames: number) => {
    const exec = await inObject(charger, (_instance, { storage }) => vi.spyOn(storage.sql, "exec"));
    await charger.session.appendFrames(charger.ref, Array<typeof frame>(frames).fill(frame));
    return inObject(charger, () => {
      const searches = exec.mock.calls.filter(([text]) => text.startsWith("DELETE FROM frame_blocks"));
      exec.mockRestore();
      return searches.length;
    });
  };
  expect(await grow(10_000)).toBe(0);
  expect(await grow(500)).toBeGreaterThan(0);
  expect((await framesOf(charger, { limit: 1 })).total).toBe(10_000);
});

test("frames that were written survive the object's memory", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await station.call("Heartbeat", {});
  // A look at the log would write what waits, and prove nothing. The heartbeat waits with the socket.
  expect(await storedFrames(charger)).toBe(2);
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  const { rows, total } = await framesOf(charger);
  expect(total).toBe(4);
  expect(rows.map(({ direction, action }) => `${direction} ${action}`)).toEqual([
    "csms_to_cp Heartbeat",
    "cp_to_csms Heartbeat",
    "csms_to_cp BootNotification",
    "cp_to_csms BootNotification",
  ]);
});

test("frames are added to a short block alone, so that a message does not write a long row anew", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  for (let n = 0; n < 40; n++) await station.call("DataTransfer", { vendorId: "V", data: "x".repeat(400) });
  await vi.waitFor(async () => expect(await storedFrames(charger)).toBe(82));
  const lengths = await inObject(charger, (_instance, { storage }) =>
    storage.sql.exec<{ length: number }>("SELECT length FROM frame_blocks ORDER BY seq").toArray(),
  );
  expect(lengths.length).toBeGreaterThan(2);
  for (const { length } of lengths) expect(length).toBeLessThanOrEqual(6 * 1024);
});
