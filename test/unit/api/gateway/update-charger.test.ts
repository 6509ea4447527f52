import { beforeEach, describe, expect, test } from "vitest";
import { chargerBody, type Gateway, openGateway } from "./gateway.ts";

const UNKNOWN = "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10";
const LATER = new Date("2026-04-02T09:45:00.000Z");

let gateway: Gateway;
let locationId: string;
let id: string;
beforeEach(async () => {
  gateway = await openGateway();
  locationId = gateway.location().id;
  id = await create();
  gateway.fleet.now = LATER;
});

async function create(over: Record<string, unknown> = {}): Promise<string> {
  const { json } = await gateway.call("/ocpp/chargers", { body: chargerBody(locationId, over) });
  return (json as { charger_id: string }).charger_id;
}

const put = (body?: unknown, of = id) => gateway.call(`/ocpp/chargers/${of}`, { method: "PUT", body });
const get = async (of = id) => (await gateway.call(`/ocpp/chargers/${of}`)).json;
const findings = async (body: unknown) => {
  const answer = await put(body);
  expect(answer.status).toBe(422);
  const { detail } = answer.json as { detail: Array<{ type: string; loc: unknown[] }> };
  return detail.map(({ type, loc }) => [type, loc.join(".")]);
};

test("the documented move with a new name and connector answers the whole record", async () => {
  const elsewhere = gateway.location().id;
  const before = await get();
  const body = { charge_point_name: "Bay A02", connector_type: "CHAdeMO", location_id: elsewhere };
  const answer = await put(body);
  const changes = { name: "Bay A02", connector_type: "CHAdeMO", location_id: elsewhere };
  expect([answer.status, answer.json]).toEqual([
    200,
    { ...(before as object), ...changes, updated_at: LATER.toISOString() },
  ]);
  expect(await get()).toEqual(answer.json);
});

test.each([undefined, "", "{}", "null", '{"identity":"OTHER","runtime":"external","id":"x"}'])(
  "the body %j changes nothing, updated_at included",
  async (body) => {
    const before = await get();
    const answer = await put(body);
    expect([answer.status, answer.json]).toEqual([200, before]);
    expect(gateway.fleet.effects).toEqual([]);
  },
);

test("a Content-Type without body is taken as no body", async () => {
  const headers = { "content-type": "application/json" };
  expect((await gateway.call(`/ocpp/chargers/${id}`, { method: "PUT", headers })).status).toBe(200);
});

describe("absent, null and a value are three things", () => {
  test("null goes back to the default of create", async () => {
    const answer = await put({ name: null, connector_type: null, ws_url: null, location_name: null });
    expect(answer.json).toMatchObject({ name: null, connector_type: "CCS2" });
    expect(gateway.fleet.settingsOf(id)).toMatchObject({ wsUrl: null, locationName: null });
  });

  test("absent leaves everything as it is", async () => {
    await put({ location_name: "Note" });
    expect(await get()).toMatchObject({ name: "Fast Bay 01", ocpp_version: "OCPP2.0.1" });
    expect(gateway.fleet.settingsOf(id)).toMatchObject({ wsUrl: "wss://example-ocpp-backend.test/ws" });
  });

  test.each(["ocpp_version", "location_id"])("null for %s, which has no default, is a 400", async (field) => {
    const answer = await put({ [field]: null, name: "x" });
    const detail = `Invalid charger data: ${field} must not be null`;
    expect([answer.status, answer.json]).toEqual([400, { detail }]);
    expect(await get()).toMatchObject({ name: "Fast Bay 01" });
  });

  test.each([
    [{ name: "old", charge_point_name: "new" }, "new"],
    [{ name: "old", charge_point_name: null }, null],
    [{ name: null, charge_point_name: "new" }, "new"],
    [{ name: "only" }, "only"],
  ])("of %j charge_point_name wins", async (body, name) => {
    expect((await put(body)).json).toMatchObject({ name });
  });
});

test("a new socket, version or connector leaves work for the runtime, a rename does not", async () => {
  await put({ name: "x", location_name: "y" });
  expect(gateway.fleet.effects).toEqual([]);
  await put({ ocpp_version: "ocpp1.6" });
  expect(await get()).toMatchObject({ ocpp_version: "OCPP1.6" });
  await put({ ws_url: null });
  await put({ connector_type: "CHAdeMO" });
  expect(gateway.fleet.effects.map(({ total }) => total)).toEqual([1, 1, 1]);
});

test("a ws_url is refused on an external charger, and nothing else of the request is done", async () => {
  const external = await create({ identity: "EXT", ws_url: null, runtime: "external" });
  const answer = await put({ ws_url: "wss://csms.example.test", name: "x" }, external);
  const detail = "Invalid charger data: ws_url is not allowed for an external charger";
  expect([answer.status, answer.json]).toEqual([400, { detail }]);
  expect((await put({ ws_url: null, name: "x" }, external)).json).toMatchObject({ name: "x" });
});

test("every wrong value is found at once, in schema order", async () => {
  const body = {
    name: "",
    charge_point_name: "x".repeat(256),
    connector_type: 5,
    ocpp_version: "OCPP3",
    ws_url: "ws://127.0.0.1/ocpp",
    location_id: "",
    location_name: "a\u0000",
  };
  expect(await findings(body)).toEqual([
    ["string_too_short", "body.name"],
    ["string_too_long", "body.charge_point_name"],
    ["string_type", "body.connector_type"],
    ["literal_error", "body.ocpp_version"],
    ["value_error", "body.ws_url"],
    ["string_too_short", "body.location_id"],
    ["value_error", "body.location_name"],
  ]);
});

test.each([
  "name",
  "charge_point_name",
  "connector_type",
  "ocpp_version",
  "ws_url",
  "location_id",
  "location_name",
])("an empty %s is too short", async (field) => {
  expect(await findings({ [field]: "" })).toEqual([["string_too_short", `body.${field}`]]);
});

test("what is no object at all is refused", async () => {
  expect(await findings([])).toEqual([["model_attributes_type", "body"]]);
  expect(await findings("{")).toEqual([["json_invalid", "body.1"]]);
});

describe("what is unknown", () => {
  test("a target location, malformed or foreign, is a 404", async () => {
    const stranger = gateway.location(gateway.fleet.addOrganization()).id;
    for (const target of [UNKNOWN, "dep-123", stranger, locationId.toUpperCase()]) {
      const answer = await put({ location_id: target });
      expect([answer.status, answer.json]).toEqual([404, { detail: "Location not found" }]);
    }
  });

  test("an unknown charger is reported before its target, the target before a missing default, a wrong value before all", async () => {
    const charger = { detail: "Charger not found" };
    expect((await put({ location_id: UNKNOWN }, UNKNOWN)).json).toEqual(charger);
    expect((await put({ location_id: null }, UNKNOWN)).json).toEqual(charger);
    expect((await put({ ocpp_version: null }, "dep-123")).json).toEqual(charger);
    expect((await put({ ocpp_version: null, location_id: UNKNOWN })).json).toEqual({
      detail: "Location not found",
    });
    expect((await put({ name: 5 }, UNKNOWN)).status).toBe(422);
  });

  test("another organisation's charger does not exist and stays as it is", async () => {
    const stranger = gateway.fleet.addOrganization();
    const token = await gateway.token({ org: stranger.id, role: "owner" });
    for (const method of ["PUT", "DELETE"]) {
      const answer = await gateway.call(`/ocpp/chargers/${id}`, { method, token });
      expect([answer.status, answer.json]).toEqual([404, { detail: "Charger not found" }]);
    }
    expect(await get()).toMatchObject({ id, name: "Fast Bay 01" });
  });
});

describe("deleting", () => {
  const remove = (of: string) => gateway.call(`/ocpp/chargers/${of}`, { method: "DELETE" });

  test("is final, and a second time unknown", async () => {
    const answer = await remove(id);
    expect([answer.status, answer.json]).toEqual([200, { msg: "Charger deleted", charger_id: id }]);
    expect(gateway.fleet.effects.map(({ total }) => total)).toEqual([1]);
    for (const path of ["", "/status", "/logs"])
      expect((await gateway.call(`/ocpp/chargers/${id}${path}`)).json).toEqual({
        detail: "Charger not found",
      });
    expect((await remove(id)).json).toEqual({ detail: "Charger not found" });
  });

  test.each([UNKNOWN, "dep-123", "%00"])("of %s is a 404", async (of) => {
    expect((await remove(of)).status).toBe(404);
  });
});
