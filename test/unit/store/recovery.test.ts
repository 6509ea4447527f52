import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { credentialToText } from "../../../src/credential-text.ts";
import type { StoredCredential } from "../../../src/ports.ts";
import { recoveryStore } from "../../../src/store/recovery.ts";
import { batchOf, blueprint, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.sql.write("DELETE FROM chargers", []);
  await db.sql.write("DELETE FROM charger_effects", []);
  await db.sql.write(
    "UPDATE reconciliations SET finished_at = now(), cursor_id = NULL, batch_id = NULL, is_full = false, looked_at = 0",
    [],
  );
});

const HOUR_MS = 3_600_000;
const later = (hours: number) => new Date(Date.now() + hours * HOUR_MS);
const bytes = (first: number) => Uint8Array.from({ length: 32 }, (_, n) => (first + n) % 256);
const credential: StoredCredential = {
  salt: bytes(250),
  current: { text: bytes(0), bytes: null },
  offered: [{ text: bytes(1), bytes: bytes(2), settledBy: "anyLogin" }],
  next: { text: bytes(1), bytes: bytes(2), settledBy: "anyLogin" },
};
const RECORD = { status: 201, body: "{}", headers: {} };

async function registered(known: StoredCredential | null = credential) {
  const { organization } = await db.tenant();
  const id = crypto.randomUUID();
  const charger = { id, identity: `CP-${id}`, name: null, location: null, securityProfile: 2 as const };
  await db.stores.chargers.register(
    organization,
    { ...charger, now: new Date(), credential: known },
    null,
    RECORD,
  );
  return { ref: { organizationSlug: organization.slug, identity: charger.identity }, id, organization };
}

/** READY chargers and, of the same batch, as many deleted ones. */
async function fleet(chargers: number) {
  const tenant = await db.tenant();
  const identities = Array.from({ length: chargers * 2 }, (_, n) => `F${n}`);
  const batch = batchOf(tenant, identities, { blueprints: [{ ...blueprint, runtime: "external" }] });
  await db.stores.jobs.accept(batch);
  const ids = batch.chargers.map(({ id }) => id);
  await Promise.all(ids.map((id) => db.stores.jobs.succeed(batch.jobId, id, new Date())));
  const gone = ids.slice(chargers);
  await db.stores.chargers.remove(
    tenant.organization.id,
    { locationId: null, chargerIds: gone },
    crypto.randomUUID(),
    new Date(),
  );
  await db.sql.write("DELETE FROM charger_effects", []);
  return { ids, living: ids.slice(0, chargers) };
}

const request = () =>
  db.sql.write("UPDATE reconciliations SET finished_at = NULL, cursor_id = NULL, is_full = true", []);

async function effectsOf(batchId: string): Promise<string[]> {
  const works = await db.stores.effects.pending(batchId, 0, 10_000);
  return works.map(({ work }) => work.chargerId);
}

test("a registered charger is found with the digests of its key, and none that is deleted or of another organisation", async () => {
  const store = recoveryStore(db.sql);
  const { ref, id, organization } = await registered();
  expect(await store.find(ref)).toMatchObject({ credential, generation: 0, work: { chargerId: id } });
  expect(await store.list([id])).toMatchObject([{ credential, work: { chargerId: id } }]);
  const other = await db.tenant();
  expect(await store.find({ ...ref, organizationSlug: other.organization.slug })).toBeNull();
  await db.stores.chargers.remove(
    organization.id,
    { locationId: null, chargerIds: [id] },
    crypto.randomUUID(),
    new Date(),
  );
  expect(await store.find(ref)).toBeNull();
});

test("digests that a session writes replace the stored ones and clear the mark of a lost key", async () => {
  const store = recoveryStore(db.sql);
  const { ref, id, organization } = await registered(null);
  await store.keysLost([id], new Date());
  const shown = () => db.stores.chargers.findByIdentity(organization.id, ref.identity);
  expect(await shown()).toMatchObject({ isKeyLost: true });
  await db.stores.chargers.applySessionFacts([
    {
      chargerId: id,
      generation: 1,
      atMs: Date.now(),
      fact: { type: "credential", credential: credentialToText(credential) },
    },
  ]);
  expect(await shown()).toMatchObject({ isKeyLost: false });
  expect((await store.find(ref))?.credential).toEqual(credential);
  await store.keysLost([id], new Date());
  expect(await shown()).toMatchObject({ isKeyLost: false });
});

test("all chargers are checked once a day, in parts, the next part only when the previous one is done", async () => {
  const store = recoveryStore(db.sql);
  const { living } = await fleet(3);
  expect(await store.next(crypto.randomUUID(), later(23))).toBeNull();
  const at = later(24.5 * 10);
  const first = await store.next(crypto.randomUUID(), at);
  expect(await effectsOf(first?.id ?? "")).toEqual(living);
  expect(await store.next(crypto.randomUUID(), later(24.5 * 11))).toBeNull();
  const effects = await db.stores.effects.pending(first?.id ?? "", 0, 3);
  expect(await db.stores.effects.done(first?.id ?? "", effects)).toBe(3);
  expect(await store.next(crypto.randomUUID(), at)).toBeNull();
  expect(await store.next(crypto.randomUUID(), later(24.5 * 11))).toMatchObject({ total: 3 });
});

test("a part has 500 chargers and continues after the previous one; a check by an operator includes deleted chargers", async () => {
  const store = recoveryStore(db.sql);
  const { ids, living } = await fleet(520);
  const at = later(24.5 * 10);
  const parts: string[][] = [];
  for (let part = 0; part < 3; part++) {
    const batch = await store.next(crypto.randomUUID(), at);
    parts.push(batch ? await effectsOf(batch.id) : []);
    await db.sql.write("DELETE FROM charger_effects", []);
  }
  expect(parts.map(({ length }) => length)).toEqual([500, 20, 0]);
  expect(parts.flat().toSorted()).toEqual(living.toSorted());
  await request();
  const full = await store.next(crypto.randomUUID(), at);
  expect((await effectsOf(full?.id ?? "")).toSorted()).toEqual(ids.toSorted());
});

test("two simultaneous passes write one part", async () => {
  const store = recoveryStore(db.sql);
  await fleet(2);
  await request();
  const parts = await Promise.all([
    store.next(crypto.randomUUID(), new Date()),
    store.next(crypto.randomUUID(), new Date()),
  ]);
  expect(parts.filter((part) => part === null)).toHaveLength(1);
});
