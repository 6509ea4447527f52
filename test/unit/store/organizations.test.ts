import { afterAll, beforeAll, expect, test } from "vitest";
import { organizationStore } from "../../../src/store/organizations.ts";
import { batchOf, openDatabase, type Database } from "../../harness/database.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());

const NOW = new Date();
const RECORD = { status: 201, body: "{}", headers: {} };

/** A tenant with chargers that are READY but for the last. */
async function fleet(size: number) {
  const tenant = await db.tenant();
  const batch = batchOf(
    tenant,
    Array.from({ length: size }, (_, n) => `o${n}`),
  );
  await db.stores.jobs.accept(batch);
  const ids = batch.chargers.map(({ id }) => id);
  const ready = ids.slice(0, -1);
  await Promise.all(ready.map((id) => db.stores.jobs.succeed(batch.jobId, id, NOW)));
  return { id: tenant.organization.id, ready };
}

async function effectsOf(organizationId: string) {
  const text =
    "SELECT batch_id, seq, charger_id, kind FROM charger_effects WHERE organization_id = $1::uuid ORDER BY seq";
  return db.sql(text, [organizationId]);
}

test("a changed tag policy is stored with one effect for every provisioned charger", async () => {
  const { id, ready } = await fleet(4);
  const store = organizationStore(db.sql);
  const changed = await store.change(id, { acceptUnknownIdTags: false }, NOW);
  expect(changed?.organization).toEqual(await store.get(id));
  expect(changed).toMatchObject({ organization: { acceptUnknownIdTags: false }, effects: [{ total: 3 }] });
  const effects = await effectsOf(id);
  expect(effects.map(({ charger_id }) => charger_id)).toEqual(ready.toSorted());
  expect(effects.map(({ seq }) => seq)).toEqual([0, 1, 2]);
  expect(new Set(effects.map(({ batch_id }) => batch_id))).toEqual(
    new Set(changed?.effects.map((batch) => batch.id)),
  );
  const [batch] = changed?.effects ?? [];
  const pending = await db.stores.effects.pending(batch?.id ?? "", 0, 100);
  expect(pending.map(({ work }) => work.tagPolicy)).toMatchObject(
    ready.map(() => ({ acceptsUnknown: false })),
  );
});

test.each([
  [{ tagCacheSeconds: 3600 }, { cacheSeconds: 3600 }],
  [{ masterPassGroupId: "POLICE" }, { masterPassGroupId: "POLICE" }],
])("sessions are told of %o too, once", async (changes, told) => {
  const { id } = await fleet(2);
  const store = organizationStore(db.sql);
  const changed = await store.change(id, changes, NOW);
  expect(changed).toMatchObject({ organization: changes, effects: [{ total: 1 }] });
  const [batch] = changed?.effects ?? [];
  const [effect] = await db.stores.effects.pending(batch?.id ?? "", 0, 100);
  expect(effect?.work.tagPolicy).toMatchObject({ acceptsUnknown: true, ...told });
  expect((await store.change(id, changes, NOW))?.effects).toEqual([]);
});

test("a change that does not concern sessions writes no effect", async () => {
  const { id } = await fleet(2);
  const store = organizationStore(db.sql);
  const changes = { acceptUnknownIdTags: true, name: "Renamed", allowUnauthenticatedChargers: false };
  const same = await store.change(id, changes, NOW);
  expect(same).toMatchObject({ organization: { name: "Renamed", acceptUnknownIdTags: true }, effects: [] });
  expect(await effectsOf(id)).toEqual([]);
});

test("host lists are set, emptied and removed again, and absent fields stay", async () => {
  const { id } = await fleet(1);
  const store = organizationStore(db.sql);
  const hostsAfter = async (changes: Parameters<typeof store.change>[1]) => {
    await store.change(id, changes, NOW);
    const { transferHosts, wsUrlHosts } = (await store.get(id)) ?? {};
    return [transferHosts, wsUrlHosts];
  };
  expect(await hostsAfter({ transferHosts: ["a.example", "*.b.example"] })).toEqual([
    ["a.example", "*.b.example"],
    null,
  ]);
  expect(await hostsAfter({ wsUrlHosts: [] })).toEqual([["a.example", "*.b.example"], []]);
  expect(await hostsAfter({ transferHosts: null })).toEqual([null, []]);
});

test("an unknown organisation cannot be changed", async () => {
  expect(await organizationStore(db.sql).change(crypto.randomUUID(), { name: "X" }, NOW)).toBeNull();
});

test("the effects of a large fleet are divided into batches that can run in parallel", async () => {
  const { organization } = await db.tenant();
  await db.sql(
    `INSERT INTO chargers (id, organization_id, identity, runtime, status, created_at, updated_at)
     SELECT gen_random_uuid(), $1::uuid, 'L' || n, 'external', 'READY', now(), now() FROM generate_series(1, 2500) n`,
    [organization.id],
  );
  const changed = await organizationStore(db.sql).change(
    organization.id,
    { acceptUnknownIdTags: false },
    NOW,
  );
  expect(changed?.effects.map(({ total }) => total).toSorted((a, b) => a - b)).toEqual([500, 1000, 1000]);
});

test("a registration reads the tag policy in its own statement, whatever its caller has cached", async () => {
  const { organization } = await db.tenant();
  await organizationStore(db.sql).change(organization.id, { acceptUnknownIdTags: false }, NOW);
  const charger = {
    id: crypto.randomUUID(),
    identity: "R1",
    name: null,
    location: null,
    securityProfile: 2,
    now: NOW,
  } as const;
  const stored = await db.stores.chargers.register(organization, charger, null, RECORD);
  expect(organization.acceptUnknownIdTags).toBe(true);
  expect(stored).toMatchObject({ value: { tagPolicy: { acceptsUnknown: false } } });
});
