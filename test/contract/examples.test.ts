import { beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../harness/openapi/conformance.ts";
import { waitFor } from "../harness/wait-for.ts";
import { furnish, newTenant, type Belongings, type Tenant } from "./tenant.ts";
import { upstreamFindings, type UpstreamSchema } from "./upstream-schemas.ts";
import { send } from "./world.ts";

let tenant: Tenant;
let own: Belongings;
beforeAll(async () => {
  tenant = await newTenant("examples");
  own = await furnish(tenant);
});

const JSON_TYPE = { "content-type": "application/json" };

/** One request with the tenant's key; `undefined` sends no body. */
function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send({ method, path, body, headers: { authorization: `Bearer ${tenant.owner}`, ...headers } });
}

function expectAnswer(answer: Answer, status: number, schema: UpstreamSchema, content: object = {}): void {
  expect([answer.status, upstreamFindings(schema, answer.body)]).toEqual([status, []]);
  expect(answer.body).toMatchObject(content);
}

const textOf = (value: unknown, key: string): string => {
  const found = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  if (typeof found !== "string") throw new Error(`no ${key} in ${JSON.stringify(value)}`);
  return found;
};

async function newLocation(): Promise<string> {
  return textOf((await ask("POST", "/ocpp/locations", { name: "Elsewhere" })).body, "id");
}

const template = {
  brand_slug: "schneider",
  model_slug: "evlink-pro-ac-22kw",
  connector_type: "CCS2",
  ws_url: "wss://ocpp.ocpplab.com",
  ocpp_version: "OCPP1.6",
  identity_prefix: "SITE_A_",
  template_name: "Charger",
};

async function newCharger(identity: string, locationId = own.locationId): Promise<string> {
  const group = { brand_slug: "generic", model_slug: "generic-ac-22kw", ocpp_version: "OCPP1.6" };
  const body = { ...group, identity, location_id: locationId, runtime: "external" };
  return textOf((await ask("POST", "/ocpp/chargers", body)).body, "charger_id");
}

describe("update charger, every example of its reference page", () => {
  it("'Charger moved and connector type changed' sends a type and no body: 200, nothing changes", async () => {
    const id = await newCharger("EXAMPLE-PUT-1");
    // Becoming READY moves updated_at too.
    const isReady = async () =>
      textOf((await ask("GET", `/ocpp/chargers/${id}/status`)).body, "status") === "READY";
    await waitFor("a charger that is READY", isReady, 30_000);
    const before = await ask("GET", `/ocpp/chargers/${id}`);
    const answer = await ask("PUT", `/ocpp/chargers/${id}`, undefined, JSON_TYPE);
    expectAnswer(answer, 200, "ChargerResponse");
    expect(answer.body).toEqual(before.body);
  });

  it("'Move charger and update connector type': 200 with the three changes", async () => {
    const id = await newCharger("EXAMPLE-PUT-2");
    const location_id = await newLocation();
    const body = { charge_point_name: "Bay A02", connector_type: "CCS2", location_id };
    const changed = { id, identity: "EXAMPLE-PUT-2", name: "Bay A02", connector_type: "CCS2", location_id };
    expectAnswer(await ask("PUT", `/ocpp/chargers/${id}`, body), 200, "ChargerResponse", changed);
  });

  it("'Rename the charger only': 200, everything else stays", async () => {
    const id = await newCharger("EXAMPLE-PUT-3");
    const before = await ask("GET", `/ocpp/chargers/${id}`);
    const answer = await ask("PUT", `/ocpp/chargers/${id}`, { charge_point_name: "Bay B01" });
    expectAnswer(answer, 200, "ChargerResponse");
    const updated_at = textOf(answer.body, "updated_at");
    expect(answer.body).toEqual({ ...Object(before.body), name: "Bay B01", updated_at });
  });

  it("the id of its examples, dep-123, is an id that nobody has: 404", async () => {
    const answer = await ask("PUT", "/ocpp/chargers/dep-123", { charge_point_name: "Bay B01" });
    expectAnswer(answer, 404, "HttpErrorResponse", { detail: "Charger not found" });
  });

  it("400 for a null where there is no default", async () => {
    const id = await newCharger("EXAMPLE-PUT-4");
    const answer = await ask("PUT", `/ocpp/chargers/${id}`, { location_id: null });
    expectAnswer(answer, 400, "HttpErrorResponse");
    expect(textOf(answer.body, "detail")).toMatch(/^Invalid charger data: /);
  });

  it("422 for a number where a string belongs", async () => {
    const answer = await ask("PUT", "/ocpp/chargers/dep-123", { name: 5 });
    expectAnswer(answer, 422, "HTTPValidationError");
    const item = {
      type: "string_type",
      loc: ["body", "name"],
      msg: "Input should be a valid string",
      input: 5,
    };
    expect(answer.body).toEqual({ detail: [item] });
  });
});

describe("catalog", () => {
  it("lists brands", async () => {
    expectAnswer(await ask("GET", "/ocpp/catalog/brands"), 200, "BrandListResponse", { page: 1, limit: 50 });
  });

  it("lists the models of a brand", async () => {
    const answer = await ask("GET", "/ocpp/catalog/brands/wallbox/models?page=1&limit=50");
    expectAnswer(answer, 200, "ModelListResponse", { page: 1, limit: 50 });
  });

  it("gets a model as documented", async () => {
    const answer = await ask("GET", "/ocpp/catalog/brands/wallbox/models/wallbox-pulsar-plus");
    expectAnswer(answer, 200, "ModelResponse", {
      slug: "wallbox-pulsar-plus",
      name: "Pulsar Plus",
      brand_slug: "wallbox",
      connector_count: 1,
      current_type: "ac",
      supported_kwh: [7.4, 22],
      connector_types: ["Type2"],
    });
  });
});

describe("locations", () => {
  const example = {
    name: "La Defense Charging Hub",
    address: "14 Rue de la Paix",
    city: "Paris",
    country: "FR",
    coordinates: { latitude: 48.8566, longitude: 2.3522 },
    timezone: "Europe/Paris",
    owner_name: "VINCI Autoroutes",
    public: true,
  };

  it("creates, gets, lists, updates and deletes the documented one", async () => {
    const created = await ask("POST", "/ocpp/locations", example);
    expectAnswer(created, 201, "LocationResponse", { ...example, status: "active" });
    const id = textOf(created.body, "id");
    const slug = textOf(created.body, "slug");
    expect(created.headers.get("location")).toBe(`/ocpp/locations/${id}`);
    expect(slug).toMatch(/^la-defense-charging-hub-[0-9a-f]{8}$/);
    expectAnswer(await ask("GET", `/ocpp/locations/${id}`), 200, "LocationResponse", example);
    expectAnswer(await ask("GET", "/ocpp/locations?page=1&limit=50"), 200, "LocationListResponse");

    const change = { name: "La Defense Charging Hub - West", timezone: "Europe/Paris", public: false };
    const changed = await ask("PUT", `/ocpp/locations/${id}`, change);
    expectAnswer(changed, 200, "LocationResponse", { ...example, ...change, slug });

    const deleted = await ask("DELETE", `/ocpp/locations/${id}`);
    expectAnswer(deleted, 200, "DeletedLocationResponse", { msg: "Location deleted", location_id: id });
    expectAnswer(await ask("DELETE", `/ocpp/locations/${id}`), 404, "HttpErrorResponse");
  });

  it("refuses to delete one that still has a charger", async () => {
    const location = await newLocation();
    await newCharger("EXAMPLE-KEEP", location);
    const answer = await ask("DELETE", `/ocpp/locations/${location}`);
    expectAnswer(answer, 409, "HttpErrorResponse", { detail: "Location still has 1 chargers" });
  });
});

describe("chargers", () => {
  it("creates the documented one: 202, to be polled at a relative address", async () => {
    const answer = await ask("POST", "/ocpp/chargers", {
      identity: "CP-FAST-201",
      brand_slug: "abb",
      model_slug: "terra-184",
      connector_type: "CCS2",
      ws_url: "wss://example-ocpp-backend.test/ws",
      ocpp_version: "OCPP2.0.1",
      charge_point_name: "Fast Bay 01",
      location_id: own.locationId,
      location_name: "La Defense Charging Hub",
    });
    expectAnswer(answer, 202, "ChargerAcceptedResponse", { identity: "CP-FAST-201" });
    const id = textOf(answer.body, "charger_id");
    const statusUrl = `/ocpp/chargers/${id}/status`;
    expect(textOf(answer.body, "status_url")).toBe(statusUrl);
    expect([answer.headers.get("location"), answer.headers.get("retry-after")]).toEqual([statusUrl, "1"]);
    expect(["PENDING", "PROVISIONING"]).toContain(textOf(answer.body, "status"));
    expectAnswer(await ask("GET", statusUrl), 200, "ChargerStatusResponse", { charger_id: id });
    const charger = { name: "Fast Bay 01", ocpp_version: "OCPP2.0.1", max_charging_power: 180_000 };
    expectAnswer(await ask("GET", `/ocpp/chargers/${id}`), 200, "ChargerResponse", charger);
  });

  it("lists those of a location", async () => {
    const answer = await ask("GET", `/ocpp/chargers?location_id=${own.locationId}&page=1&limit=50`);
    expectAnswer(answer, 200, "ChargerListResponse", { page: 1, limit: 50 });
  });

  it("deletes one, once", async () => {
    const id = await newCharger("EXAMPLE-GONE");
    const deleted = await ask("DELETE", `/ocpp/chargers/${id}`);
    expectAnswer(deleted, 200, "DeletedChargerResponse", { msg: "Charger deleted", charger_id: id });
    expectAnswer(await ask("DELETE", `/ocpp/chargers/${id}`), 404, "HttpErrorResponse");
  });

  it.each([
    ["stop-charger", "stop_charger", 0],
    ["start-charger", "start_charger", 1],
    ["restart-charger", "restart_charger", 1],
  ])("takes %s with a type and no body", async (path, event_type, desired_count) => {
    const answer = await ask("POST", `/ocpp/chargers/${own.chargerId}/${path}`, undefined, JSON_TYPE);
    const expected = { id: own.chargerId, event_type, ocpp_version: "OCPP1.6", payload: { desired_count } };
    expectAnswer(answer, 202, "RuntimeResponse", expected);
  });

  it("lists the frames of one", async () => {
    const query =
      "start_date=2026-04-09T00:00:00Z&end_date=2999-01-01T00:00:00Z&event=BootNotification&limit=1000";
    const answer = await ask("GET", `/ocpp/chargers/${own.chargerId}/logs?${query}`);
    expectAnswer(answer, 200, "LogListResponse", { limit: 1000, offset: 0 });
    const { data } = answer.body as { data: Array<{ action: string; message: string }> };
    expect(data.length).toBeGreaterThan(0);
    for (const { action, message } of data) {
      expect(action).toBe("BootNotification");
      expect(Array.isArray(JSON.parse(message))).toBe(true);
    }
  });
});

describe("location chargers", () => {
  const at = (locationId: string) => `/ocpp/locations/${locationId}/chargers`;

  it("takes the documented batch: five chargers, three with random suffixes, and a job to poll", async () => {
    const location = await newLocation();
    const group = { template, charger_ids: ["001", "002"], chargers_number: 5 };
    const accepted = await ask("POST", at(location), [group]);
    expectAnswer(accepted, 202, "JobAcceptedResponse");
    const job_id = textOf(accepted.body, "job_id");
    const statusUrl = `${at(location)}/jobs/${job_id}`;
    expect([accepted.headers.get("location"), accepted.headers.get("retry-after")]).toEqual([statusUrl, "1"]);
    const polled = await ask("GET", statusUrl);
    expectAnswer(polled, 200, "JobStatusResponse", { job_id, progress: { total: 5 } });
    const listed = await ask("GET", at(location));
    expectAnswer(listed, 200, "ChargerListResponse", { total: 5 });
    const { data } = listed.body as { data: Array<{ identity: string; name: string }> };
    expect(data.slice(0, 2).map(({ identity, name }) => [identity, name])).toEqual([
      ["SITE_A_001", "Charger 001"],
      ["SITE_A_002", "Charger 002"],
    ]);
    for (const { identity } of data.slice(2)) expect(identity).toMatch(/^SITE_A_[0-9a-f]{8}$/);
  });

  it("lists, updates and deletes a subset, item by item", async () => {
    const location = await newLocation();
    const id = await newCharger("EXAMPLE-SUBSET", location);
    const dead = "0199f3c2-0000-7000-8000-00000000dead";
    const error = { code: "NOT_FOUND", message: "Charger not found in this location", retryable: false };
    const listed = await ask("GET", `${at(location)}?charger_ids=${id}&charger_ids=${dead}`);
    expectAnswer(listed, 200, "ChargerListResponse", { total: 1, data: [{ id }] });

    const change = { charger_ids: [id, dead], charge_point_name: "Bay" };
    const updated = await ask("PUT", at(location), change);
    const failed = [{ charger_id: dead, error }];
    expectAnswer(updated, 200, "UpdateLocationChargersResponse", { updated: [{ id, name: "Bay" }], failed });

    const deleted = await ask("DELETE", `${at(location)}?charger_ids=${id}&charger_ids=${dead}`);
    expectAnswer(deleted, 200, "DeleteLocationChargersResponse", { deleted: [id], failed });
    const again = await ask("DELETE", at(location), { charger_ids: [id] });
    const both = { deleted: [], failed: [{ charger_id: id, error }] };
    expectAnswer(again, 200, "DeleteLocationChargersResponse", both);
  });

  it("never deletes all: 422 without ids", async () => {
    const answer = await ask("DELETE", at(own.locationId));
    expectAnswer(answer, 422, "HTTPValidationError", {
      detail: [{ type: "missing", loc: ["query", "charger_ids"], msg: "Field required" }],
    });
  });
});

describe("the documented 422 bodies", () => {
  it("POST charger lists every finding in the order of the schema", async () => {
    const input = { identity: "CP 1", brand_slug: "abb", runtime: "cloud" };
    const pattern = "^[A-Za-z0-9*+=|@._-]{1,48}$";
    const missing = (field: string) => ({
      type: "missing",
      loc: ["body", field],
      msg: "Field required",
      input,
    });
    const expected = "'simulated' or 'external'";
    const answer = await ask("POST", "/ocpp/chargers", input);
    expectAnswer(answer, 422, "HTTPValidationError");
    expect(answer.body).toEqual({
      detail: [
        {
          type: "string_pattern_mismatch",
          loc: ["body", "identity"],
          msg: `String should match pattern '${pattern}'`,
          input: "CP 1",
          ctx: { pattern },
        },
        missing("model_slug"),
        missing("ocpp_version"),
        missing("location_id"),
        {
          type: "literal_error",
          loc: ["body", "runtime"],
          msg: `Input should be ${expected}`,
          input: "cloud",
          ctx: { expected },
        },
      ],
    });
  });

  it("GET chargers?limit=500&page=x", async () => {
    const answer = await ask("GET", "/ocpp/chargers?limit=500&page=x");
    expectAnswer(answer, 422, "HTTPValidationError");
    const parsing = "Input should be a valid integer, unable to parse string as an integer";
    const tooLarge = "Input should be less than or equal to 100";
    expect(answer.body).toEqual({
      detail: [
        { type: "int_parsing", loc: ["query", "page"], msg: parsing, input: "x" },
        { type: "less_than_equal", loc: ["query", "limit"], msg: tooLarge, input: "500", ctx: { le: 100 } },
      ],
    });
  });

  const duplicate = "identity 'SITE_A_001' occurs more than once in this request";
  it.each<[string, string, object]>([
    [
      "a group without template",
      JSON.stringify([{ charger_ids: ["001"] }]),
      {
        type: "missing",
        loc: ["body", 0, "template"],
        msg: "Field required",
        input: { charger_ids: ["001"] },
      },
    ],
    [
      "an object in place of the list",
      JSON.stringify({ template: {} }),
      { type: "list_type", loc: ["body"], msg: "Input should be a valid list", input: { template: {} } },
    ],
    [
      "an identity twice",
      JSON.stringify([{ template, charger_ids: ["001", "002", "001"] }]),
      {
        type: "value_error",
        loc: ["body", 0, "charger_ids", 2],
        msg: `Value error, ${duplicate}`,
        input: "001",
        ctx: { error: duplicate },
      },
    ],
    [
      "a body that is no JSON",
      "[{]",
      {
        type: "json_invalid",
        loc: ["body", 2],
        msg: "JSON decode error",
        input: {},
        ctx: { error: "Expecting property name enclosed in double quotes" },
      },
    ],
  ])("bulk create with %s", async (_, text, item) => {
    const path = `/ocpp/locations/${own.locationId}/chargers`;
    const headers = { authorization: `Bearer ${tenant.owner}` };
    const answer = await send({ method: "POST", path, text, headers });
    expectAnswer(answer, 422, "HTTPValidationError");
    expect(answer.body).toEqual({ detail: [item] });
  });
});
