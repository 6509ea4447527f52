import { beforeEach, describe, expect, test } from "vitest";
import { type Gateway, group, openGateway } from "./gateway.ts";

const UNKNOWN = "0199f3c2-0000-7000-8000-00000000dead";

let gateway: Gateway;
let locationId: string;
let ids: string[];
beforeEach(async () => {
  gateway = await openGateway();
  locationId = gateway.location().id;
  ids = await create(["001", "002", "003"]);
});

async function create(suffixes: string[], template: object = {}, of = locationId): Promise<string[]> {
  const path = `/ocpp/locations/${of}/chargers`;
  const before = gateway.fleet.chargers.size;
  await gateway.call(path, { body: [group({ template: { ...template }, charger_ids: suffixes })] });
  return [...gateway.fleet.chargers.keys()].slice(before);
}

const path = (of = locationId) => `/ocpp/locations/${of}/chargers`;
const put = (body: unknown, of = locationId) => gateway.call(path(of), { method: "PUT", body });
const remove = (query: string, body?: unknown) =>
  gateway.call(`${path()}${query}`, { method: "DELETE", body });
const queryOf = (of: string[]) => `?${of.map((id) => `charger_ids=${id}`).join("&")}`;
const missing = (id: string) => ({
  charger_id: id,
  error: { code: "NOT_FOUND", message: "Charger not found in this location", retryable: false },
});
const updatedOf = (json: unknown) => (json as { updated: Array<{ id: string }> }).updated.map(({ id }) => id);
const findingsOf = (json: unknown) =>
  (json as { detail: Array<{ type: string; loc: unknown[] }> }).detail.map(({ type, loc }) => [
    type,
    loc.join("."),
  ]);

describe("updating", () => {
  test("changes every charger of the location when none is named", async () => {
    const [elsewhere = ""] = await create(["X"], {}, gateway.location().id);
    for (const body of [{ ws_url: "wss://csms.example.test/ocpp" }, { charger_ids: null, name: "Bay" }]) {
      const answer = await put(body);
      expect([answer.status, updatedOf(answer.json)]).toEqual([200, ids]);
    }
    expect(gateway.fleet.settingsOf(elsewhere).wsUrl).toBeNull();
    expect(gateway.fleet.effects.map(({ total }) => total)).toEqual([3]);
  });

  test("answers whole records, and the unknown of the request one by one", async () => {
    const [elsewhere = ""] = await create(["X"], {}, gateway.location().id);
    const [first = "", second = ""] = ids;
    const charger_ids = [UNKNOWN, second, "dep-123", first, second, elsewhere, ids[2]?.toUpperCase()];
    const answer = await put({ charger_ids, connector_type: "Schuko" });
    const { updated, failed } = answer.json as { updated: object[]; failed: object[] };
    expect(updatedOf(answer.json)).toEqual([first, second]);
    expect(updated[0]).toEqual((await gateway.call(`/ocpp/chargers/${first}`)).json);
    expect(failed).toEqual([UNKNOWN, "dep-123", elsewhere, ids[2]?.toUpperCase() ?? ""].map(missing));
  });

  test("ids that are all unknown change nothing, and never everything", async () => {
    const answer = await put({ charger_ids: ["dep-123"], name: "x" });
    expect(answer.json).toEqual({ updated: [], failed: [missing("dep-123")] });
    expect(gateway.fleet.chargers.get(ids[0] ?? "")?.name).toBeNull();
  });

  test("a ws_url is refused for an external charger and set for the others", async () => {
    const [external = ""] = await create(["EXT"], { runtime: "external" });
    const error = {
      code: "INVALID",
      message: "ws_url is not allowed for an external charger",
      retryable: false,
    };
    for (const named of [{}, { charger_ids: [external, ...ids] }]) {
      const answer = await put({ ...named, ws_url: "wss://csms.example.test/ocpp" });
      expect(updatedOf(answer.json)).toEqual(ids);
      expect(answer.json).toMatchObject({ failed: [{ charger_id: external, error }] });
    }
  });

  test("moves chargers, which are then no longer in the location", async () => {
    const target = gateway.location().id;
    expect((await put({ location_id: target })).json).toMatchObject({ updated: { length: 3 } });
    expect((await put({ name: "x" })).json).toEqual({ updated: [], failed: [] });
    expect((await put({ charger_ids: ids, name: "x" })).json).toMatchObject({ failed: ids.map(missing) });
  });

  test.each([
    [
      { nme: "x", charger_ids: [] },
      [
        ["too_short", "body.charger_ids"],
        ["extra_forbidden", "body.nme"],
        ["value_error", "body"],
      ],
    ],
    [{}, [["value_error", "body"]]],
    [{ charger_ids: null }, [["value_error", "body"]]],
    [{ name: "x", identity: "y" }, [["extra_forbidden", "body.identity"]]],
    [
      { name: "", ws_url: "http://x" },
      [
        ["string_too_short", "body.name"],
        ["value_error", "body.ws_url"],
      ],
    ],
    [{ name: "x", charger_ids: [5] }, [["string_type", "body.charger_ids.0"]]],
    [[], [["model_attributes_type", "body"]]],
    ["", [["missing", "body"]]],
  ])("%j refuses the whole request", async (body, findings) => {
    const answer = await put(body);
    expect([answer.status, findingsOf(answer.json)]).toEqual([422, findings]);
  });

  test("more than 1,000 ids are too long a list", async () => {
    const answer = await put({ name: "x", charger_ids: Array.from({ length: 1001 }, () => UNKNOWN) });
    expect(findingsOf(answer.json)).toEqual([["too_long", "body.charger_ids"]]);
  });

  test("more than 1,000 chargers must be named, and nothing is written", async () => {
    await create(Array.from({ length: 998 }, (_, at) => `m${at}`));
    const answer = await put({ name: "x" });
    const detail = "Invalid request data: location has 1001 chargers, pass charger_ids (at most 1000)";
    expect([answer.status, answer.json]).toEqual([400, { detail }]);
    expect(gateway.fleet.chargers.get(ids[0] ?? "")?.name).toBeNull();
    expect((await put({ charger_ids: ids, name: "x" })).status).toBe(200);
  });

  test("an unknown location or target is reported before a missing default", async () => {
    const location = [404, { detail: "Location not found" }];
    for (const answer of [
      await put({ name: "x" }, UNKNOWN),
      await put({ ocpp_version: null }, "dep-123"),
      await put({ location_id: UNKNOWN }),
      await put({ location_id: UNKNOWN, ocpp_version: null }),
    ])
      expect([answer.status, answer.json]).toEqual(location);
    const answer = await put({ location_id: null });
    const detail = "Invalid request data: location_id must not be null";
    expect([answer.status, answer.json]).toEqual([400, { detail }]);
  });
});

describe("deleting", () => {
  test("answers in the order of the request; duplicates collapse, unknown ids fail alone", async () => {
    const [first = "", second = "", third = ""] = ids;
    const answer = await remove(queryOf([third, UNKNOWN, first, third, "dep-123"]));
    expect([answer.status, answer.json]).toEqual([
      200,
      { deleted: [third, first], failed: [missing(UNKNOWN), missing("dep-123")] },
    ]);
    expect([...gateway.fleet.chargers.keys()]).toEqual([second]);
    expect((await remove(queryOf([first]))).json).toEqual({ deleted: [], failed: [missing(first)] });
  });

  test("takes the ids of the body when the query has none, and ignores the body otherwise", async () => {
    const [first = "", second = ""] = ids;
    expect((await remove("", { charger_ids: [second] })).json).toMatchObject({ deleted: [second] });
    expect((await remove("?charger_ids=", { charger_ids: [second] })).json).toMatchObject({ deleted: [] });
    for (const body of ["{", "[]", `{"charger_ids":["${ids[2]}"]}`])
      expect((await remove(queryOf([first]), body)).status).toBe(200);
    expect(gateway.fleet.chargers.has(ids[2] ?? "")).toBe(true);
  });

  test.each([undefined, "", "{}", "null"])("without ids (body %j) nothing is deleted", async (body) => {
    for (const query of ["", "?charger_ids=", "?charger_ids"]) {
      const answer = await remove(query, body);
      expect([answer.status, answer.json]).toEqual([
        422,
        { detail: [{ type: "missing", loc: ["query", "charger_ids"], msg: "Field required", input: {} }] },
      ]);
    }
    expect(gateway.fleet.chargers.size).toBe(3);
  });

  test.each([
    [{ charger_ids: [] }, "too_short"],
    [{ charger_ids: null }, "list_type"],
    [{ charger_ids: Array.from({ length: 1001 }, () => "x") }, "too_long"],
  ])("refuses the body %j", async (body, type) => {
    expect(findingsOf((await remove("", body)).json)).toEqual([[type, "body.charger_ids"]]);
  });

  test("more than 1,000 ids in the query are too long a list", async () => {
    const answer = await remove(queryOf(Array.from({ length: 1001 }, () => "x")));
    expect(findingsOf(answer.json)).toEqual([["too_long", "query.charger_ids"]]);
  });

  test("another organisation's location does not exist, its chargers stay", async () => {
    const token = await gateway.token({ org: gateway.fleet.addOrganization().id, role: "owner" });
    for (const method of ["DELETE", "PUT"]) {
      const options = { method, token, ...(method === "PUT" ? { body: { name: "x" } } : {}) };
      const answer = await gateway.call(`${path()}${queryOf(ids)}`, options);
      expect([answer.status, answer.json]).toEqual([404, { detail: "Location not found" }]);
    }
    expect(gateway.fleet.chargers.size).toBe(3);
  });
});

test("an empty charger_ids in a list counts as absent", async () => {
  expect((await gateway.call(`${path()}?charger_ids=`)).json).toMatchObject({ total: 3 });
  expect((await gateway.call(`${path()}?charger_ids=dep-123`)).json).toMatchObject({ total: 0 });
});
