import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { costOf } from "../cost-meter.ts";
import { DatabaseDouble } from "../database-double.ts";
import { type Charger, inObject, provisioned, StationDouble } from "../station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const DAY_MS = 24 * 60 * 60 * 1000;
const page = { startMs: null, endMs: null, action: null, limit: 100, offset: 0 };

/** What a release that kept a row per frame has left, or adds after it was deployed again. */
async function leaveFrames(charger: Charger, count: number, atMs: number, message = "old"): Promise<void> {
  await inObject(charger, (_instance, { storage }) => {
    storage.sql.exec(`CREATE TABLE IF NOT EXISTS frames (
      seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, direction TEXT NOT NULL, action TEXT, message TEXT NOT NULL,
      bytes_total INTEGER NOT NULL)`);
    storage.sql.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO frames (at_ms, direction, action, message, bytes_total)
       SELECT ?2, 'cp_to_csms', 'Old', ?3, coalesce((SELECT max(bytes_total) FROM frames), 0) + i * length(?3) FROM n`,
      count,
      atMs,
      message,
    );
  });
  await evictDurableObject(charger.stub);
}

const listed = async (charger: Charger, query = {}) => {
  const log = await charger.session.frames(charger.ref, { ...page, ...query });
  if (!log) throw new TypeError("not provisioned");
  return log;
};

const olderFrames = (charger: Charger) =>
  inObject(charger, (_instance, { storage }) => {
    const table = "SELECT 1 FROM sqlite_master WHERE name = 'frames'";
    if (storage.sql.exec(table).toArray().length === 0) return null;
    return storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM frames").one().n;
  });

test("frames of an older release are listed behind those of this one, also after it was deployed again in between", async () => {
  const charger = await provisioned();
  const nowMs = Date.now();
  await leaveFrames(charger, 2, nowMs - 3000, "first");
  const frame = { direction: "cp_to_csms", action: "New" } as const;
  await charger.session.appendFrames(charger.ref, [{ ...frame, message: "second", atMs: nowMs - 2000 }]);
  await leaveFrames(charger, 1, nowMs - 1000, "third");
  await charger.session.appendFrames(charger.ref, [{ ...frame, message: "fourth", atMs: nowMs }]);
  const messages = async (query = {}) => (await listed(charger, query)).rows.map(({ message }) => message);
  expect(await messages()).toEqual(["fourth", "third", "second", "first", "first"]);
  expect(await messages({ offset: 1, limit: 2 })).toEqual(["third", "second"]);
  expect(await messages({ action: "old" })).toEqual(["third", "first", "first"]);
  expect((await listed(charger, { startMs: nowMs - 2500, endMs: nowMs - 500 })).total).toBe(2);
});

test("frames of an older release go one after the other as the bounds demand, and their table goes with the last", async () => {
  const charger = await provisioned();
  await leaveFrames(charger, 1500, Date.now() - 15 * DAY_MS);
  await leaveFrames(charger, 12_000, Date.now());
  const alarm = () => inObject(charger, (instance) => instance.alarm());
  await alarm();
  expect(await listed(charger)).toMatchObject({ total: 10_000 });
  expect(await olderFrames(charger)).toBe(10_000);
  const frame = { direction: "cp_to_csms", action: "New", message: "new" } as const;
  for (let slice = 0; slice < 3; slice++) {
    const rows = Array.from({ length: 500 }, () => ({ ...frame, atMs: Date.now() }));
    await charger.session.appendFrames(charger.ref, rows);
  }
  await alarm();
  expect(await olderFrames(charger)).toBe(8500);
  await inObject(charger, (_instance, { storage }) =>
    storage.sql.exec("UPDATE frames SET at_ms = ?", Date.now() - 15 * DAY_MS),
  );
  await alarm();
  expect(await olderFrames(charger)).toBeNull();
  expect((await listed(charger)).total).toBe(1500);
});

test("keeps at most 32 MiB of an older release's frames and its own", async () => {
  const charger = await provisioned();
  const text = "x".repeat(64 * 1024);
  await leaveFrames(charger, 300, Date.now(), text);
  const frame = { direction: "cp_to_csms", action: "New", message: text, atMs: Date.now() } as const;
  for (let slice = 0; slice < 6; slice++)
    await charger.session.appendFrames(
      charger.ref,
      Array.from({ length: 50 }, () => frame),
    );
  await inObject(charger, (instance) => instance.alarm());
  expect((await listed(charger, { limit: 1 })).total).toBe(512);
  expect(await olderFrames(charger)).toBe(212);
});

test("keeps at most 10,000 frames and lists none older than 14 days", async () => {
  const charger = await provisioned();
  const frame = { direction: "cp_to_csms", action: "New", message: "new" } as const;
  const rows = (count: number, atMs: number) => Array.from({ length: count }, () => ({ ...frame, atMs }));
  await charger.session.appendFrames(charger.ref, rows(1, Date.now() - 14 * DAY_MS - 1000));
  await charger.session.appendFrames(charger.ref, rows(1, Date.now() - 14 * DAY_MS + 60_000));
  expect((await listed(charger)).total).toBe(1);
  for (let slice = 0; slice < 21; slice++)
    await charger.session.appendFrames(charger.ref, rows(500, Date.now()));
  const { total } = await listed(charger, { limit: 1 });
  // Bounds hold to one block.
  expect(total).toBeLessThanOrEqual(10_000);
  expect(total).toBeGreaterThan(9900);
});

test("answers of an older release are still given to repeats, until a boot forgets them", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  const payload = { vendorId: "V" };
  const first = await station.call("DataTransfer", payload, "repeated");
  await inObject(charger, (_instance, { storage }) => {
    const record = storage.kv.get<{ replies: { messageId: string; digest: string }[] }>("record");
    const [kept] = record?.replies ?? [];
    storage.sql.exec(`CREATE TABLE replies (
      seq INTEGER PRIMARY KEY, message_id TEXT NOT NULL, digest TEXT NOT NULL, response TEXT NOT NULL)`);
    const old = JSON.stringify([3, "repeated", { status: "Accepted", data: "of the older release" }]);
    const insert = "INSERT INTO replies (message_id, digest, response) VALUES (?, ?, ?)";
    storage.sql.exec(insert, kept?.messageId, kept?.digest, old);
    storage.kv.put("record", { ...record, replies: [], hasReplyRows: true });
  });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  const repeat = await station.call("DataTransfer", payload, "repeated");
  expect(repeat[2]).toMatchObject({ data: "of the older release" });
  await station.boot();
  expect(await station.call("DataTransfer", payload, "repeated")).toEqual(first);
});

test("heartbeats on a line that an older release accepted write no row once its alarm is known", async () => {
  const charger = await provisioned();
  const station = await StationDouble.booted(charger);
  await inObject(charger, (_instance, state) => {
    for (const socket of state.getWebSockets()) {
      const attachment = socket.deserializeAttachment() as Record<string, unknown>;
      const { alarmAtMs: _, deliveredUpTo: __, seenAtMs: ___, heartbeats: ____, ...older } = attachment;
      socket.serializeAttachment(older);
    }
  });
  await evictDurableObject(charger.stub, { webSockets: "hibernate" });
  await station.call("Heartbeat", {});
  const cost = await costOf(charger, () => station.call("Heartbeat", {}));
  expect(cost).toEqual({ rows: 0, alarms: 0, timers: 0, statements: 0 });
});
