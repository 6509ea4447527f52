import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { RawEnv } from "../../../../src/env.ts";
import type { SessionProvision } from "../../../../src/ports.ts";
import { DatabaseDouble } from "../session/database-double.ts";
import {
  basic,
  type Charger,
  inObject,
  KEY,
  newCharger,
  provisionInput,
  revived,
  sessionCount,
  StationDouble,
  upgrade,
} from "../session/station-double.ts";

async function prepared(changed: Partial<SessionProvision> = {}, charger = newCharger()): Promise<Charger> {
  await charger.session.prepare(charger.ref, provisionInput(charger, changed));
  return charger;
}

/** The same identity as another charger. */
function successor(charger: Charger): Charger {
  return { ...charger, ref: { ...charger.ref, chargerId: crypto.randomUUID() } };
}

test("a prepared charger has no session object until its session is needed, and logs in like any other", async () => {
  new DatabaseDouble();
  const before = await sessionCount();
  const charger = await prepared();
  expect(await sessionCount()).toBe(before);
  const station = await StationDouble.booted(charger);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  expect(await charger.session.snapshot(charger.ref)).toMatchObject({
    online: true,
    registrationStatus: "Accepted",
  });
});

test("a wrong key is refused for a prepared charger, and the right one is still accepted", async () => {
  new DatabaseDouble();
  const charger = await prepared();
  const wrong = basic(charger.ref.identity, "f".repeat(40));
  expect((await upgrade(charger, { authorization: wrong })).status).toBe(401);
  const response = await upgrade(charger, { authorization: basic(charger.ref.identity, KEY) });
  expect(response.status).toBe(101);
  response.webSocket?.accept();
});

test("a prepared charger is told of pending settings", async () => {
  const { session, ref } = await prepared();
  const note = { revision: 1, settledFor: null, lease: null };
  expect(await session.noteSettings({ ...ref, chargerId: crypto.randomUUID() }, note)).toBe(false);
  expect(await session.noteSettings(ref, note)).toBe(true);
});

test("every call about a prepared charger is answered as for one that was never connected", async () => {
  const charger = await prepared({ registrationStatus: "Pending" });
  const { session, ref } = charger;
  expect(
    await session.frames(ref, { startMs: null, endMs: null, action: null, limit: 10, offset: 0 }),
  ).toEqual({
    rows: [],
    total: 0,
  });
  expect(await session.command(ref, { kind: "clearCache" }, 1000)).toEqual({ kind: "offline" });
  expect(await session.snapshot(ref)).toMatchObject({ online: false, registrationStatus: "Pending" });
  expect(await session.dataTransfers(ref, 10)).toEqual([]);
});

test("a new key and a registration state reach a prepared charger", async () => {
  new DatabaseDouble();
  const rotated = await prepared();
  expect(await rotated.session.rotateAuthorizationKey(rotated.ref, "e".repeat(40))).toBe("stored");
  const authorization = basic(rotated.ref.identity, "e".repeat(40));
  const response = await upgrade(rotated, { authorization });
  expect(response.status).toBe(101);
  response.webSocket?.accept();
  const waiting = await prepared();
  expect(await waiting.session.setRegistration(waiting.ref, "Pending")).toBe(true);
  expect(await waiting.session.snapshot(waiting.ref)).toMatchObject({ registrationStatus: "Pending" });
});

test("a deleted charger is gone, whether its session was ever needed or not", async () => {
  const untouched = await prepared();
  const before = await sessionCount();
  await untouched.session.retire(untouched.ref);
  expect(await sessionCount()).toBe(before);
  expect((await upgrade(untouched)).status).toBe(404);
  const used = await prepared();
  await used.session.snapshot(used.ref);
  await used.session.retire(used.ref);
  expect((await upgrade(used)).status).toBe(404);
  expect(await used.session.snapshot(used.ref)).toBeNull();
});

test("of two chargers of one identity the newer one stays, whatever comes last", async () => {
  const older = await prepared({ createdAtMs: 1000 });
  const newer = await prepared({ createdAtMs: 2000, authorizationKey: "e".repeat(40) }, successor(older));
  await prepared({ createdAtMs: 1000 }, older);
  expect(await older.session.snapshot(older.ref)).toBeNull();
  expect(await newer.session.snapshot(newer.ref)).toMatchObject({ chargerId: newer.ref.chargerId });
  await older.session.retire(older.ref);
  expect(await newer.session.snapshot(newer.ref)).toMatchObject({ chargerId: newer.ref.chargerId });
});

test("a prepared session contains digests of its key, and not the key", async () => {
  const charger = await prepared();
  const preparedStores = (env as RawEnv).SESSION_SHELF as unknown as DurableObjectNamespace;
  const stub = preparedStores.getByName(charger.ref.organizationSlug);
  const places = await runInDurableObject(stub, (_instance, { storage }) => [...storage.kv.list()]);
  expect(places).toHaveLength(1);
  expect(JSON.stringify(places)).not.toContain(KEY);
});

test("an unknown identity is answered 404 and leaves no prepared session", async () => {
  const charger = newCharger();
  expect((await upgrade(charger)).status).toBe(404);
  expect(await charger.session.adopt(charger.ref)).toBe(false);
});

/** Whether the session has stored its record, and when its alarm is set. */
const storedOf = (charger: Charger) =>
  inObject(charger, async (_instance, { storage }) => ({
    isStored: storage.kv.get("record") !== undefined,
    hasAlarm: (await storage.getAlarm()) !== null,
  }));

test("a first connection stores nothing and tells nothing before its boot, and everything before the boot is answered", async () => {
  const database = new DatabaseDouble();
  const charger = await prepared();
  const station = await StationDouble.connect(charger);
  expect(await storedOf(charger)).toEqual({ isStored: false, hasAlarm: false });
  expect(database.factsOf(charger.ref.chargerId)).toEqual([]);
  await station.boot();
  expect(await storedOf(charger)).toEqual({ isStored: true, hasAlarm: true });
  const types = () => database.factsOf(charger.ref.chargerId).map(({ type }) => type);
  await vi.waitFor(() => expect(types()).toEqual(["connection", "boot"]));
});

test("a first connection without a boot is stored and reported by a timer", async () => {
  const database = new DatabaseDouble();
  const charger = await prepared();
  await StationDouble.connect(charger);
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).toHaveLength(1), 5000);
  expect(await storedOf(charger)).toEqual({ isStored: true, hasAlarm: true });
});

test("a change by a call stores a first connection that has not booted", async () => {
  const database = new DatabaseDouble();
  const charger = await prepared();
  await StationDouble.connect(charger);
  expect(await charger.session.setRegistration(charger.ref, "Pending")).toBe(true);
  expect(await storedOf(charger)).toEqual({ isStored: true, hasAlarm: true });
  await vi.waitFor(() => expect(database.factsOf(charger.ref.chargerId)).not.toEqual([]));
});

test("a session that is lost before its boot is provisioned again when its station comes back", async () => {
  new DatabaseDouble();
  const charger = await prepared();
  await StationDouble.connect(charger);
  await inObject(charger, (_instance, state) => state.abort("the runtime ends")).catch(() => undefined);
  const again = revived(charger);
  const station = await StationDouble.booted(again);
  expect((await station.call("Heartbeat", {}))[0]).toBe(3);
  expect(await again.session.snapshot(again.ref)).toMatchObject({ online: true });
});

test("that its station took a prepared session is stored before the station is answered", async () => {
  new DatabaseDouble();
  const charger = await prepared();
  await StationDouble.connect(charger);
  const preparedStores = (env as RawEnv).SESSION_SHELF as unknown as DurableObjectNamespace;
  const isTaken = await runInDurableObject(
    preparedStores.getByName(charger.ref.organizationSlug),
    (_instance, { storage }) => storage.kv.get<{ isTaken: boolean }>(charger.ref.identity)?.isTaken,
  );
  expect(isTaken).toBe(true);
  await charger.session.retire(charger.ref);
  expect(await charger.session.snapshot(charger.ref)).toBeNull();
});
