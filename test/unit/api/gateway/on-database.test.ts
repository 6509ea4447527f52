import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../harness/database.ts";
import { chargerBody, type Gateway, group, openGateway } from "./gateway.ts";

let db: Database;
let gateway: Gateway;
let token: string;
let locationId: string;
let organizationId: string;
beforeAll(async () => {
  db = await openDatabase();
  const { organization, locationId: id } = await db.tenant();
  locationId = id;
  organizationId = organization.id;
  gateway = await openGateway({ RATE_LIMIT_REQUESTS: 10_000 }, db.stores);
  gateway.fleet.organizations.set(organization.id, organization);
  token = await gateway.token({ org: organization.id, role: "operator" });
}, 60_000);
afterAll(() => db.close());

const FIRST = { limit: 100, offset: 0 };

const call: Gateway["call"] = (path, options) => gateway.call(path, { token, ...options });
const bulk = () => `/ocpp/locations/${locationId}/chargers`;

test("50 identical batches with one Idempotency-Key at once make one job and one answer", async () => {
  const options = { body: [group({ chargers_number: 3 })], headers: { "idempotency-key": "once" } };
  const answers = await Promise.all(Array.from({ length: 50 }, () => call(bulk(), options)));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(49);
  expect(gateway.fleet.published).toHaveLength(1);
  const listed = await call(bulk());
  expect(listed.json).toMatchObject({ total: 3 });
  const statusUrls = answers.map(({ json }) => (json as { status_url: string }).status_url);
  const job = await call(statusUrls[0] ?? "");
  expect(job.json).toMatchObject({ progress: { total: 3, created: 0, failed: 0, pending: 3 } });
});

test("of two creates of one identity at once exactly one is accepted", async () => {
  const body = chargerBody(locationId, { identity: "TWICE" });
  const answers = await Promise.all([call("/ocpp/chargers", { body }), call("/ocpp/chargers", { body })]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
  const refused = answers.find(({ status }) => status === 409);
  expect(refused?.json).toEqual({ detail: "Charger identity 'TWICE' already exists" });
});

test("a charger is readable in full and pollable as soon as it is accepted", async () => {
  const accepted = await call("/ocpp/chargers", { body: chargerBody(locationId, { identity: "AT-ONCE" }) });
  const { charger_id: id, status_url: statusUrl } = accepted.json as {
    charger_id: string;
    status_url: string;
  };
  expect((await call(`/ocpp/chargers/${id}`)).json).toMatchObject({
    id,
    identity: "AT-ONCE",
    name: "Fast Bay 01",
    vendor_name: "ABB",
    max_charging_power: 180_000,
    location_id: locationId,
  });
  const status = await call(statusUrl);
  expect(status.json).toMatchObject({ charger_id: id, error: null, provisioned_at: null });
  expect(status.headers.get("retry-after")).toBe("1");
});

test("an organisation at its limit of chargers or of open jobs is answered 429 with the name of the limit", async () => {
  const full = await db.tenant({ chargerLimit: 2 });
  gateway.fleet.organizations.set(full.organization.id, full.organization);
  const own = await gateway.token({ org: full.organization.id, role: "operator" });
  const path = `/ocpp/locations/${full.locationId}/chargers`;
  const post = (count: number) => call(path, { body: [group({ chargers_number: count })], token: own });
  const over = await post(3);
  expect([over.status, over.json, over.headers.get("retry-after")]).toEqual([
    429,
    { detail: "Charger limit reached. Your organisation allows 2 charger(s)." },
    "60",
  ]);
  expect((await post(2)).status).toBe(202);
  const body = chargerBody(full.locationId, { identity: "ONE-MORE" });
  expect((await call("/ocpp/chargers", { body, token: own })).json).toEqual(over.json);
  await db.sql.write("UPDATE organizations SET open_job_limit = 1, charger_limit = 9 WHERE id = $1::uuid", [
    full.organization.id,
  ]);
  const busy = await post(1);
  expect([busy.status, busy.json, busy.headers.get("retry-after")]).toEqual([
    429,
    { detail: "Open job limit reached. Your organisation allows 1 open job(s)." },
    "5",
  ]);
  expect((await call("/ocpp/chargers", { body, token: own })).status).toBe(202);
});

test("existing identities fail one by one, and a batch of only such is READY at its first poll", async () => {
  await call(bulk(), { body: [group({ charger_ids: ["TAKEN"] })] });
  const again = await call(bulk(), { body: [group({ charger_ids: ["TAKEN"] })] });
  expect(again.json).toMatchObject({ status: "PENDING", workflow_run_id: null });
  const job = await call((again.json as { status_url: string }).status_url);
  const error = {
    code: "IDENTITY_TAKEN",
    message: "A charger with identity 'SITE_A_TAKEN' already exists",
    retryable: false,
  };
  expect(job.json).toMatchObject({
    status: "READY",
    results: { created: [], failed: [{ identity: "SITE_A_TAKEN", charger_id: null, error }] },
    progress: { total: 1, created: 0, failed: 1, pending: 0 },
  });
  expect(job.headers.get("retry-after")).toBeNull();
});

test("a location goes through the database and back unchanged", async () => {
  const body = {
    name: "Hub",
    country: "fr",
    coordinates: { latitude: 48.8566, longitude: -2.3522 },
    fuse_limit_a: 63.5,
  };
  const created = await call("/ocpp/locations", { body });
  expect(created.status).toBe(201);
  const { id } = created.json as { id: string };
  expect((await call(`/ocpp/locations/${id}`)).text).toBe(created.text);
});

test("chargers are filtered by state, by identity, and by what the projection knows of their connection", async () => {
  const made = await call(bulk(), { body: [group({ charger_ids: ["F1", "F2", "F3"] })] });
  const { job_id: jobId } = made.json as { job_id: string };
  const { json } = await call("/ocpp/chargers?identity_prefix=SITE_A_F");
  const chargers = (json as { data: Array<{ id: string; identity: string }> }).data;
  expect(chargers.map(({ identity }) => identity)).toEqual(["SITE_A_F1", "SITE_A_F2", "SITE_A_F3"]);
  const [first, second, third] = chargers.map(({ id }) => id);
  await db.stores.jobs.succeed(jobId, first ?? "", new Date());
  const online = { type: "connection", online: true, ocppVersion: "ocpp1.6" } as const;
  const rows = [first, second].map((id) => ({
    chargerId: id ?? "",
    generation: 1,
    atMs: Date.now(),
    fact: online,
  }));
  await db.stores.chargers.applySessionFacts(rows);
  const found = async (query: string) => {
    const answer = await call(`/ocpp/chargers?identity_prefix=SITE_A_F&${query}`);
    const { data, total } = answer.json as { data: Array<{ id: string }>; total: number };
    expect(total).toBe(data.length);
    return data.map(({ id }) => id);
  };
  expect(await found("status=READY")).toEqual([first]);
  expect(await found("status=PENDING")).toEqual([second, third]);
  expect(await found("status=FAILED")).toEqual([]);
  expect(await found("online=true")).toEqual([first, second]);
  expect(await found("online=false")).toEqual([third]);
  expect(await found("online=true&status=PENDING")).toEqual([second]);
  expect(await found("online=false&status=READY")).toEqual([]);
  expect(await found(`location_id=${locationId}&online=true&status=READY`)).toEqual([first]);
  await db.sql.store("UPDATE jobs SET status = 'PROVISIONING' WHERE id = $1::uuid", [jobId], "repeat");
  expect(await found("status=PENDING")).toEqual([]);
  expect(await found("status=PROVISIONING")).toEqual([second, third]);
  expect((await call("/ocpp/chargers?online=true")).json).toMatchObject({ total: 2 });
});

test("pages of every size put together are the whole list in its order, whatever is filtered", async () => {
  const suffixes = Array.from({ length: 7 }, (_, at) => `P${at}`);
  await call(bulk(), { body: [group({ charger_ids: suffixes })] });
  const all = await db.stores.chargers.list(organizationId, { identityPrefix: "SITE_A_P" }, FIRST);
  const online = { type: "connection", online: true, ocppVersion: "ocpp1.6" } as const;
  const connected = all.rows.filter((_, at) => at % 2 === 0);
  await db.stores.chargers.applySessionFacts(
    connected.map(({ id }) => ({ chargerId: id, generation: 1, atMs: Date.now(), fact: online })),
  );
  for (const filter of [
    {},
    { identityPrefix: "SITE_A_P" },
    { online: true },
    { online: false, status: "PENDING" as const },
  ]) {
    const whole = await db.stores.chargers.list(organizationId, filter, FIRST);
    for (const limit of [1, 2, 3, 5]) {
      const ids: string[] = [];
      for (let offset = 0; offset <= whole.total + limit; offset += limit) {
        const { rows, total } = await db.stores.chargers.list(organizationId, filter, { limit, offset });
        expect(total).toBe(whole.total);
        ids.push(...rows.map(({ id }) => id));
      }
      expect(ids).toEqual(whole.rows.map(({ id }) => id));
    }
  }
  const newest = await db.stores.chargers.listConnected(organizationId, { online: null }, FIRST);
  const last = { limit: 3, offset: newest.total - 2 };
  const end = await db.stores.chargers.listConnected(organizationId, { online: null }, last);
  expect(end.rows.map(({ id }) => id)).toEqual(newest.rows.slice(-2).map(({ id }) => id));
});

test("the largest page is an empty one, not an error", async () => {
  for (const path of ["/ocpp/chargers", "/ocpp/locations", bulk()]) {
    const answer = await call(`${path}?page=2147483647&limit=100`);
    expect([answer.status, answer.json]).toEqual([200, expect.objectContaining({ data: [] })]);
  }
});
