import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startSql, type SqlServer } from "../../../dev/sql/start-sql.ts";
import { systemIds } from "../../../src/fleet/ids.ts";
import type { Organization } from "../../../src/ports.ts";
import { apiKeyStore } from "../../../src/store/api-keys.ts";
import { chargerStore } from "../../../src/store/chargers.ts";
import { jobStore } from "../../../src/store/jobs.ts";
import { locationStore } from "../../../src/store/locations.ts";
import { organizationStore } from "../../../src/store/organizations.ts";
import { settingsStore } from "../../../src/store/settings.ts";
import { connect, type Row } from "../../../src/store/sql.ts";
import { batchOf, newCharger } from "../../harness/database.ts";
import { leavesReceipt, startSqlProxy, type SqlProxy } from "../../harness/sql-proxy.ts";
import { testSql, type TestSql } from "../../harness/sql.ts";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

const migrations = fileURLToPath(new URL("../../../migrations", import.meta.url));

let directory: ReturnType<typeof temporaryDirectory>;
let server: SqlServer;
let proxy: SqlProxy;
let sql: TestSql;
beforeAll(async () => {
  directory = temporaryDirectory();
  const pgUrl = process.env["BUSBAR_PG_URL"];
  server = await startSql({ port: 0, dataDir: join(directory.path, "postgres"), migrations, pgUrl });
  proxy = await startSqlProxy(server.url);
  sql = testSql(
    connect({
      DATABASE_URL: `postgresql://postgres:postgres@${systemIds.hex(4)}.local.db/postgres`,
      NEON_FETCH_ENDPOINT: `${proxy.url}/sql`,
    }),
  );
});
afterAll(async () => {
  await proxy.close();
  await server.close();
  directory.remove();
});

const stores = () => ({
  jobs: jobStore(sql),
  chargers: chargerStore(sql),
  locations: locationStore(sql),
  organizations: organizationStore(sql),
  settings: settingsStore(sql),
  apiKeys: apiKeyStore(sql),
});

/** Does something whose answer is lost after the commit. */
async function cut<T>(work: () => Promise<T>): Promise<T> {
  let cuts = 0;
  proxy.treat = (body) => (leavesReceipt(body) && cuts++ === 0 ? "cutAnswer" : "pass");
  try {
    return await work();
  } finally {
    proxy.treat = () => "pass";
    expect(cuts).toBeGreaterThan(0);
  }
}

const PLACE = {
  address: null,
  city: null,
  country: null,
  coordinates: null,
  timezone: null,
  ownerName: null,
  fuseLimitA: null,
  public: false,
};
const RECORD = { status: 201, body: "{}", headers: {} };
const newPlace = (name: string) => ({
  id: systemIds.uuid(),
  slug: `loc-${systemIds.hex(6)}`,
  name,
  ...PLACE,
});

let organization: Organization;
let locationId: string;
beforeEach(async () => {
  const slug = `org-${systemIds.hex(6)}`;
  organization = {
    id: systemIds.uuid(),
    slug,
    name: slug,
    rateLimit: null,
    rateLimitWindowSeconds: null,
    chargerLimit: null,
    openJobLimit: null,
    acceptUnknownIdTags: true,
    transferHosts: null,
    wsUrlHosts: null,
    allowUnauthenticatedChargers: true,
    masterPassGroupId: null,
    tagCacheSeconds: null,
    transactionUpdateSeconds: 60,
  };
  await sql("INSERT INTO organizations (id, slug, name) VALUES ($1::uuid, $2, $2)", [organization.id, slug]);
  const place = newPlace("Depot");
  locationId = place.id;
  await stores().locations.create(organization.id, place, new Date(), null, () => RECORD);
});

const tenant = () => ({ organization, locationId });
const chargers = (): Promise<Row[]> =>
  sql(
    "SELECT identity, status FROM chargers WHERE organization_id = $1::uuid AND deleted_at IS NULL ORDER BY identity",
    [organization.id],
  );
const effectsOf = async (batchId: string) =>
  (await sql("SELECT seq FROM charger_effects WHERE batch_id = $1::uuid", [batchId])).length;

/** Chargers that are READY. */
async function readyChargers(...identities: string[]): Promise<string[]> {
  const batch = batchOf(tenant(), identities);
  await stores().jobs.accept(batch);
  for (const { id } of batch.chargers) await stores().jobs.succeed(batch.jobId, id, new Date());
  await stores().jobs.close(batch.jobId, new Date());
  return batch.chargers.map(({ id }) => id);
}

test("a batch is accepted once, with what is open and what clashes", async () => {
  await readyChargers("A", "R-aaaaaaaa");
  const batch = batchOf(tenant(), ["A", "B"]);
  batch.chargers.push(newCharger("R-aaaaaaaa", true));
  const claim = { method: "POST", path: "/p", key: "k", bodyHash: "h" };
  const accepted = await cut(() => stores().jobs.accept({ ...batch, claim }));
  expect(accepted).toEqual({ kind: "done", value: { open: 1, clashes: [2] } });
  expect((await chargers()).map(({ identity }) => identity)).toEqual(["A", "B", "R-aaaaaaaa"]);
  expect(await stores().jobs.accept({ ...batchOf(tenant(), ["B"]), claim })).toMatchObject({
    kind: "replayed",
  });
  const again = [{ ...newCharger("R-bbbbbbbb", true), seq: 2 }];
  expect(await cut(() => stores().jobs.redraw(batch, again))).toEqual([]);
  expect((await chargers()).map(({ identity }) => identity)).toContain("R-bbbbbbbb");
});

test("a batch that finds its key used is replayed", async () => {
  const claim = { method: "POST", path: "/p", key: "k", bodyHash: "h" };
  await stores().jobs.accept({ ...batchOf(tenant(), ["A"]), claim });
  const answered = await cut(() => stores().jobs.accept({ ...batchOf(tenant(), ["B"]), claim }));
  expect(answered).toMatchObject({ kind: "replayed" });
  expect(await chargers()).toHaveLength(1);
});

test("a single charger is accepted, and is no conflict with itself", async () => {
  const batch = batchOf(tenant(), ["ONE"], { type: "charger_create" });
  expect(await cut(() => stores().jobs.accept(batch))).toEqual({
    kind: "done",
    value: { open: 1, clashes: [] },
  });
  expect(await chargers()).toHaveLength(1);
});

test("a location is created, changed and removed", async () => {
  const place = newPlace("New");
  const { locations } = stores();
  const made = await cut(() => locations.create(organization.id, place, new Date(), null, () => RECORD));
  expect(made).toMatchObject({ kind: "done", value: { id: place.id } });
  const changed = await cut(() => locations.update(organization.id, place.id, { name: "Newer" }, new Date()));
  expect(changed).toMatchObject({ name: "Newer", revision: 2 });
  expect(await cut(() => locations.remove(organization.id, place.id))).toBe("removed");
  expect(await locations.get(organization.id, place.id)).toBeNull();
  await readyChargers("A");
  expect(await cut(() => locations.remove(organization.id, locationId))).toEqual({ inUse: 1 });
});

test("a charger is registered and taken back", async () => {
  const charger = { identity: "HW", name: null, location: null, securityProfile: 2 as const };
  const id = systemIds.uuid();
  const registered = await cut(() =>
    stores().chargers.register(organization, { ...charger, id, now: new Date() }, null, RECORD),
  );
  expect(registered).toMatchObject({ kind: "done", value: { id, tagPolicy: { acceptsUnknown: true } } });
  const pending = await cut(() =>
    stores().chargers.setRegistration(organization.id, "HW", "Pending", new Date()),
  );
  expect(pending).toEqual({ id });
  const batchId = systemIds.uuid();
  await cut(() => stores().chargers.unregister(organization.id, id, null, batchId, new Date()));
  expect([await chargers(), await effectsOf(batchId)]).toEqual([[], 1]);
});

test("an organization is changed with one effect per session", async () => {
  const ids = await readyChargers("A", "B");
  const changed = await cut(() =>
    stores().organizations.change(organization.id, { acceptUnknownIdTags: false }, new Date()),
  );
  expect(changed).toMatchObject({ organization: { acceptUnknownIdTags: false } });
  const text = "SELECT charger_id FROM charger_effects WHERE organization_id = $1::uuid ORDER BY charger_id";
  const effects = await sql(text, [organization.id]);
  expect(effects.map((row) => row["charger_id"])).toEqual(ids.toSorted());
});

test("an API key is created and revoked", async () => {
  const key = {
    id: `key_${systemIds.hex(13).toUpperCase()}`,
    name: "k",
    role: "owner" as const,
    prefix: "cap_live_a",
  };
  const { apiKeys } = stores();
  const digest = systemIds.hex(32);
  const made = await cut(() => apiKeys.insert(organization.id, key, digest, new Date()));
  expect(made).toMatchObject({ id: key.id, name: "k" });
  expect(await cut(() => apiKeys.revoke(organization.id, key.id, new Date()))).toBe(true);
  expect(await apiKeys.findByDigest(digest)).toBeNull();
});

test("chargers are changed, restarted and deleted, with one effect each", async () => {
  const [id = "", other = ""] = await readyChargers("A", "B");
  const { chargers: store } = stores();
  const one = { locationId: null, chargerIds: [id] };
  const named = await cut(() =>
    store.update(
      organization.id,
      one,
      { name: "Named" },
      { connectorTypes: {} },
      systemIds.uuid(),
      new Date(),
    ),
  );
  expect(named).toMatchObject({ selected: 1, updated: [{ id, name: "Named", revision: 3 }], invalid: [] });
  const restart = systemIds.uuid();
  const set = await cut(() => store.setRuntime(organization.id, id, "restart", restart, new Date()));
  expect(set).toMatchObject({ state: "done", effects: { id: restart, total: 1 } });
  const removal = systemIds.uuid();
  const both = { locationId: null, chargerIds: [id, other] };
  const removed = await cut(() => store.remove(organization.id, both, removal, new Date()));
  expect(removed.gone.map(({ identity }) => identity).toSorted()).toEqual(["A", "B"]);
  expect(removed.effects).toEqual({ id: removal, total: 2 });
  expect([await chargers(), await effectsOf(restart), await effectsOf(removal)]).toEqual([[], 1, 2]);
});

test("a deletion that found nothing returns nothing", async () => {
  const nobody = { locationId: null, chargerIds: [systemIds.uuid()] };
  const removed = await cut(() =>
    stores().chargers.remove(organization.id, nobody, systemIds.uuid(), new Date()),
  );
  expect(removed).toEqual({ gone: [], jobIds: [], effects: null });
});

test("settings are stored under one revision", async () => {
  const [id = ""] = await readyChargers("A");
  const merge = (current: number) =>
    cut(() => stores().settings.merge(organization.id, id, { maxChargeCurrent: current }, new Date()));
  expect(await merge(10)).toEqual({ kind: "stored", revision: 1 });
  expect(await merge(12)).toEqual({ kind: "stored", revision: 2 });
  expect(await merge(12)).toEqual({ kind: "unchanged" });
});
