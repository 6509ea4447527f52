import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { readEnv, type RawEnv } from "../../../../src/env.ts";
import { completeRecord, RECORD_FORMAT } from "../../../../src/durable/session/storage/session-record.ts";
import { durableSessions } from "../../../../src/durable/sessions.ts";
import { eventually, hosts, newHost, newStation, testEnv } from "../host/test-station.ts";
import { DatabaseDouble } from "./database-double.ts";
import { loginAsFirstVersion, type FirstCredential } from "./first-version.ts";
import {
  basic,
  inObject,
  KEY,
  newCharger,
  provisioned,
  provisionInput,
  StationDouble,
  untilOffline,
  upgrade,
  type Charger,
} from "./station-double.ts";

beforeEach(() => {
  new DatabaseDouble();
});

const NEW_KEY = "f".repeat(40);
const SECRET = readEnv(env as RawEnv).CREDENTIAL_SECRET;

type Stored = Record<string, unknown> & { credential: FirstCredential & Record<string, unknown> };

const stored = (charger: Charger) =>
  inObject(charger, (_instance, { storage }) => structuredClone(storage.kv.get<Stored>("record") as Stored));

/** What another version left in the session's storage. */
async function rewrite(charger: Charger, change: (record: Stored, sql: SqlStorage) => Stored): Promise<void> {
  await inObject(charger, async (instance, { storage }) => {
    // Nothing is left that the object would still store.
    await instance.alarm();
    storage.kv.put("record", change(storage.kv.get<Stored>("record") as Stored, storage.sql));
  });
  await evictDurableObject(charger.stub);
}

async function isGood(charger: Charger, key: string): Promise<boolean> {
  const response = await upgrade(charger, { authorization: basic(charger.ref.identity, key) });
  response.webSocket?.accept();
  response.webSocket?.close(1000, "bye");
  return response.status === 101;
}

describe("what a later version stored", () => {
  test("lets the station in, charges, and is kept where this version does not know it", async () => {
    const charger = await provisioned();
    const start = { connectorId: 1, idTag: "A", meterStart: 0, timestamp: "2026-05-01T10:00:00Z" };
    const first = await StationDouble.booted(charger);
    await first.call("StartTransaction", start);
    first.socket.close(1000, "bye");
    await untilOffline(charger);
    await rewrite(charger, (record, sql) => {
      for (const table of ["transactions", "transaction_events", "confirmed_transactions"])
        sql.exec(`ALTER TABLE ${table} ADD COLUMN added_later TEXT DEFAULT 'kept'`);
      const credential = { ...record.credential, addedLater: ["a"] };
      return { ...record, format: RECORD_FORMAT + 1, addedLater: { deep: [1] }, credential };
    });
    const station = await StationDouble.booted(charger);
    expect((await station.call("StartTransaction", { ...start, meterStart: 7 }))[0]).toBe(3);
    expect((await station.call("StatusNotification", STATUS))[0]).toBe(3);
    expect(await stored(charger)).toMatchObject({
      format: RECORD_FORMAT,
      addedLater: { deep: [1] },
      credential: { addedLater: ["a"] },
    });
  });

  test("keeps what was added to a credential when one of its keys is settled", async () => {
    const charger = await provisioned();
    await charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY);
    await rewrite(charger, (record) => ({ ...record, credential: { ...record.credential, addedLater: 1 } }));
    expect(await isGood(charger, NEW_KEY)).toBe(true);
    await untilOffline(charger);
    expect((await stored(charger)).credential).toMatchObject({ addedLater: 1, next: null, offered: [] });
  });

  test("admits a station whose record lacks the fields of connections that this version added", async () => {
    const charger = await provisioned();
    await rewrite(charger, ({ credential, ...record }) => {
      const { chargerId, organizationId, organizationSlug, identity, createdAtMs, securityProfile } = record;
      const place = { chargerId, organizationId, organizationSlug, identity, createdAtMs, securityProfile };
      return { ...place, format: RECORD_FORMAT + 1, credential };
    });
    const station = await StationDouble.booted(charger);
    expect((await station.call("StatusNotification", STATUS))[0]).toBe(3);
  });

  test("is no obstacle to a simulated station, whose row has more columns", async () => {
    const sessions = durableSessions(testEnv);
    const [host, station] = [newHost(), newStation()];
    await host.start(station, 10_000);
    await runInDurableObject(host, async (_instance, { storage }) => {
      storage.sql.exec("ALTER TABLE stations ADD COLUMN added_later TEXT");
      storage.sql.exec("UPDATE stations SET added_later = 'kept'");
      await storage.sync();
    });
    await expect(runInDurableObject(host, (_instance, state) => state.abort("lost"))).rejects.toThrow("lost");
    const again = hosts.get(host.id);
    const restart = { isRunning: true, restartToken: crypto.randomUUID() };
    await again.reconcile(station, restart);
    await eventually(
      () => sessions.snapshot(station),
      (snapshot) => snapshot?.online === true,
    );
    const rows = await runInDurableObject(again, (_instance, { storage }) =>
      storage.sql.exec("SELECT added_later, restart_token FROM stations").toArray(),
    );
    expect(rows).toEqual([{ added_later: "kept", restart_token: restart.restartToken }]);
  });
});

const STATUS = { connectorId: 1, errorCode: "NoError", status: "Available" };

describe("the first version, deployed again", () => {
  test("knows the key of a session that this one provisioned", async () => {
    const charger = await provisioned();
    const { credential } = await stored(charger);
    expect(await loginAsFirstVersion(SECRET, credential, KEY)).toMatchObject({ used: "current" });
    expect(await loginAsFirstVersion(SECRET, credential, NEW_KEY)).toMatchObject({ used: null });
  });

  test("knows the key of a prepared session", async () => {
    const charger = newCharger();
    await charger.session.prepare(charger.ref, provisionInput(charger));
    const preparedStores = (env as RawEnv).SESSION_SHELF as DurableObjectNamespace;
    const place = await runInDurableObject(
      preparedStores.getByName(charger.ref.organizationSlug),
      (_instance, { storage }) =>
        storage.kv.get<{ offer: { input: { credential: FirstCredential } } }>(charger.ref.identity),
    );
    const credential = place?.offer.input.credential as FirstCredential;
    expect(await loginAsFirstVersion(SECRET, credential, KEY)).toMatchObject({ used: "current" });
  });

  test("knows the key that was offered last, and its decision counts when this version comes back", async () => {
    const charger = await provisioned();
    await charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY);
    const { credential } = await stored(charger);
    const { used, after } = await loginAsFirstVersion(SECRET, credential, NEW_KEY);
    expect(used).toBe("next");
    await rewrite(charger, (record) => ({ ...record, credential: after as Stored["credential"] }));
    expect([await isGood(charger, KEY), await isGood(charger, NEW_KEY)]).toEqual([false, true]);
  });

  test("accepts a key again that it had dropped, without the field of this version that also holds it", async () => {
    const charger = await provisioned();
    await charger.session.rotateAuthorizationKey(charger.ref, NEW_KEY);
    await rewrite(charger, (record) => ({ ...record, credential: { ...record.credential, next: null } }));
    expect([await isGood(charger, NEW_KEY), await isGood(charger, KEY)]).toEqual([false, true]);
  });
});

test("a record of the version before, which knew no other place for offered keys, keeps them all", () => {
  const digests = (byte: number) => ({ text: new Uint8Array([byte]), bytes: null });
  const offered = [1, 2].map((byte) => ({ ...digests(byte), settledBy: "nextLogin" as const }));
  const credential = { salt: new Uint8Array([0]), current: digests(0), offered };
  const record = completeRecord({ credential } as unknown as Parameters<typeof completeRecord>[0]);
  expect(record.credential).toMatchObject({ offered, next: offered[1] });
});
