import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../harness/database.ts";
import { chargerBody, type Gateway, group, openGateway } from "./gateway.ts";

let db: Database;
let gateway: Gateway;
let token: string;
let organizationId: string;
let locationId: string;
beforeAll(async () => {
  db = await openDatabase();
}, 60_000);
afterAll(() => db.close());
beforeEach(async () => {
  const { organization, locationId: id } = await db.tenant();
  locationId = id;
  organizationId = organization.id;
  gateway = await openGateway({ RATE_LIMIT_REQUESTS: 10_000 }, db.stores);
  gateway.fleet.organizations.set(organization.id, organization);
  gateway.fleet.now = new Date();
  token = await gateway.token({ org: organization.id, role: "operator" });
});

const call: Gateway["call"] = (path, options) => gateway.call(path, { token, ...options });
const bulk = () => `/ocpp/locations/${locationId}/chargers`;

interface Stored {
  id: string;
  identity: string;
}

async function fleet(chargers: number, template: object = {}): Promise<Stored[]> {
  await call(bulk(), { body: [group({ template: { ...template }, chargers_number: chargers })] });
  const { json } = await call(`${bulk()}?limit=100`);
  return (json as { data: Stored[] }).data;
}

async function newLocation(): Promise<string> {
  const { json } = await call("/ocpp/locations", { body: { name: "Other" } });
  return (json as { id: string }).id;
}

async function settle(of: Stored[]): Promise<void> {
  const ids = of.map(({ id }) => id);
  const rows = await db.sql("SELECT id, job_id FROM chargers WHERE id = ANY($1::uuid[])", [
    `{${ids.join()}}`,
  ]);
  for (const row of rows) await db.stores.jobs.succeed(String(row["job_id"]), String(row["id"]), new Date());
}

test("a charger is changed, moved, read back and deleted; every answer is the row", async () => {
  const [charger] = await fleet(1);
  const path = `/ocpp/chargers/${charger?.id}`;
  const target = await newLocation();
  const tag = (await call(path)).headers.get("etag") ?? "";
  const body = { charge_point_name: "Bay A02", connector_type: "CCS2", location_id: target };
  const changed = await call(path, { method: "PUT", body });
  expect(changed.json).toMatchObject({
    id: charger?.id,
    name: "Bay A02",
    connector_type: "CCS2",
    location_id: target,
  });
  const read = await call(path, { headers: { "if-none-match": tag } });
  expect([read.status, read.json]).toEqual([200, changed.json]);
  expect((await call(path, { method: "PUT", body })).json).toEqual(changed.json);
  const defaults = await call(path, { method: "PUT", body: { name: null, connector_type: null } });
  expect(defaults.json).toMatchObject({ name: null, connector_type: "Type2" });
  expect((await call(path, { method: "DELETE" })).status).toBe(200);
  expect((await call(path, { method: "DELETE" })).status).toBe(404);
});

test("a change of 100 chargers answers all of them by creation and leaves one effect each", async () => {
  const chargers = await fleet(100);
  const answer = await call(bulk(), { method: "PUT", body: { ocpp_version: "OCPP2.1" } });
  const { updated, failed } = answer.json as { updated: Stored[]; failed: unknown[] };
  expect([updated.map(({ id }) => id), failed]).toEqual([chargers.map(({ id }) => id), []]);
  expect(gateway.fleet.effects.map(({ total }) => total)).toEqual([100]);
  const [batch] = gateway.fleet.effects;
  expect(await db.stores.effects.pending(batch?.id ?? "", 0, 100)).toHaveLength(100);
});

test("a change of more than 1,000 chargers by filter is refused with their number", async () => {
  await call(bulk(), { body: [group({ chargers_number: 1002 })] });
  const answer = await call(bulk(), { method: "PUT", body: { name: "x" } });
  const detail = "Invalid request data: location has 1002 chargers, pass charger_ids (at most 1000)";
  expect([answer.status, answer.json]).toEqual([400, { detail }]);
  expect(
    await db.sql("SELECT 1 FROM chargers WHERE location_id = $1::uuid AND name = 'x'", [locationId]),
  ).toEqual([]);
});

test("a bulk delete while the batch is still running fails its items as cancelled", async () => {
  const answer = await call(bulk(), { body: [group({ chargers_number: 3 })] });
  const { status_url: statusUrl } = answer.json as { status_url: string };
  const { json } = await call(bulk());
  const ids = (json as { data: Stored[] }).data.map(({ id }) => id).toReversed();
  expect((await call(bulk(), { method: "DELETE", body: { charger_ids: ids } })).json).toEqual({
    deleted: ids,
    failed: [],
  });
  expect((await call(bulk())).json).toMatchObject({ total: 0 });
  await expect
    .poll(async () => (await call(statusUrl)).json)
    .toMatchObject({ status: "READY", progress: { total: 3, created: 0, failed: 3, pending: 0 } });
  const job = (await call(statusUrl)).json as { results: { failed: Array<{ error: { code: string } }> } };
  expect(job.results.failed.map(({ error }) => error.code)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
});

test("the ids of a list are looked up in one statement and cut into pages", async () => {
  const chargers = await fleet(5);
  const wanted = chargers.slice(1, 4).map(({ id }) => id);
  const query = [...wanted.toReversed(), "dep-123", organizationId]
    .map((id) => `charger_ids=${id}`)
    .join("&");
  const answer = await call(`${bulk()}?${query}&limit=2&page=2`);
  expect(answer.json).toMatchObject({ data: [{ id: wanted[2] }], total: 3, page: 2, limit: 2 });
});

test("a runtime is switched once the charger is READY; before, the request is refused with the reason", async () => {
  const [charger] = await fleet(1);
  const post = (event: string) => call(`/ocpp/chargers/${charger?.id}/${event}-charger`, { method: "POST" });
  expect((await post("stop")).json).toEqual({ detail: "Charger is not provisioned" });
  await settle(charger ? [charger] : []);
  expect((await post("stop")).json).toMatchObject({ ocpp_version: "OCPP1.6", payload: { desired_count: 0 } });
  expect((await post("stop")).status).toBe(202);
  expect((await post("restart")).json).toMatchObject({ payload: { desired_count: 1 } });
  expect(gateway.fleet.effects).toHaveLength(2);
});

test("a location is changed with every field, cleared again, and deleted when it is empty", async () => {
  const path = `/ocpp/locations/${locationId}`;
  const body = {
    slug: `hub-${locationId}`,
    address: "14 Rue de la Paix",
    coordinates: { latitude: 48.8566, longitude: -2.3522 },
    country: "fr",
    timezone: "Europe/Paris",
    fuse_limit_a: 63.5,
    public: true,
  };
  const changed = await call(path, { method: "PUT", body });
  expect(changed.json).toMatchObject({ ...body, country: "FR" });
  expect((await call(path)).json).toEqual(changed.json);
  const cleared = await call(path, {
    method: "PUT",
    body: { coordinates: null, public: null, fuse_limit_a: null },
  });
  expect(cleared.json).toMatchObject({ coordinates: null, public: false, fuse_limit_a: null, country: "FR" });
  const [charger] = await fleet(1);
  expect((await call(path, { method: "DELETE" })).json).toEqual({ detail: "Location still has 1 chargers" });
  await call(`/ocpp/chargers/${charger?.id}`, { method: "DELETE" });
  expect((await call(path, { method: "DELETE" })).status).toBe(200);
  expect((await call(path, { method: "PUT" })).status).toBe(404);
});

test("a key that was used with another body is noticed before an unknown brand or location", async () => {
  const headers = { "idempotency-key": "k" };
  const first = await call("/ocpp/chargers", { body: chargerBody(locationId), headers });
  expect(first.status).toBe(202);
  for (const over of [{ brand_slug: "acme" }, { location_id: "dep-123" }, { location_id: organizationId }]) {
    const answer = await call("/ocpp/chargers", { body: chargerBody(locationId, over), headers });
    expect([answer.status, answer.json]).toMatchObject([
      422,
      { detail: [{ loc: ["header", "Idempotency-Key"] }] },
    ]);
  }
});

test("a repeat is replayed although its location is gone by now", async () => {
  const request = { body: chargerBody(locationId), headers: { "idempotency-key": "k" } };
  const first = await call("/ocpp/chargers", request);
  const { charger_id: id } = first.json as { charger_id: string };
  await call(`/ocpp/chargers/${id}`, { method: "DELETE" });
  expect((await call(`/ocpp/locations/${locationId}`, { method: "DELETE" })).status).toBe(200);
  const again = await call("/ocpp/chargers", request);
  expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
});

test("a key expires after a day, and an abandoned one after a minute", async () => {
  const headers = { "idempotency-key": "k" };
  const mismatch = () =>
    call("/ocpp/chargers", { body: chargerBody(locationId, { brand_slug: "acme" }), headers });
  await call("/ocpp/chargers", { body: chargerBody(locationId), headers });
  const age = (interval: string, response: string) =>
    db.sql(
      `UPDATE idempotency_keys SET claimed_at = $2::timestamptz - $3::interval, response = ${response} WHERE organization_id = $1::uuid`,
      [organizationId, gateway.fleet.now, interval],
    );
  await age("23 hours", "response");
  expect((await mismatch()).status).toBe(422);
  await age("25 hours", "response");
  expect((await mismatch()).status).toBe(400);
  await age("59 seconds", "NULL");
  expect((await mismatch()).status).toBe(422);
  await age("61 seconds", "NULL");
  expect((await mismatch()).status).toBe(400);
});
