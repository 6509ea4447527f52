import { beforeAll, describe, expect, test } from "vitest";
import { chargerBody, type Gateway, group, openGateway } from "./gateway.ts";

let gateway: Gateway;
let locationId: string;
beforeAll(async () => {
  gateway = await openGateway();
  locationId = gateway.location().id;
});

async function details(path: string, body?: unknown): Promise<unknown> {
  const answer = await gateway.call(path, body === undefined ? {} : { body });
  expect(answer.status).toBe(422);
  return (answer.json as { detail: unknown }).detail;
}

const bulk = () => `/ocpp/locations/${locationId}/chargers`;
const IDENTITY = "^[A-Za-z0-9*+=|@._-]{1,48}$";
const valueError = (loc: unknown[], reason: string, input: unknown) => ({
  type: "value_error",
  loc,
  msg: `Value error, ${reason}`,
  input,
  ctx: { error: reason },
});

describe("the documented examples", () => {
  test("a create with several mistakes names all of them in schema order", async () => {
    const input = { identity: "CP 1", brand_slug: "abb", runtime: "cloud" };
    expect(await details("/ocpp/chargers", input)).toEqual([
      {
        type: "string_pattern_mismatch",
        loc: ["body", "identity"],
        msg: `String should match pattern '${IDENTITY}'`,
        input: "CP 1",
        ctx: { pattern: IDENTITY },
      },
      { type: "missing", loc: ["body", "model_slug"], msg: "Field required", input },
      { type: "missing", loc: ["body", "ocpp_version"], msg: "Field required", input },
      { type: "missing", loc: ["body", "location_id"], msg: "Field required", input },
      {
        type: "literal_error",
        loc: ["body", "runtime"],
        msg: "Input should be 'simulated' or 'external'",
        input: "cloud",
        ctx: { expected: "'simulated' or 'external'" },
      },
    ]);
  });

  test("a bad page and a bad limit are both reported", async () => {
    expect(await details("/ocpp/chargers?limit=500&page=x")).toEqual([
      {
        type: "int_parsing",
        loc: ["query", "page"],
        msg: "Input should be a valid integer, unable to parse string as an integer",
        input: "x",
      },
      {
        type: "less_than_equal",
        loc: ["query", "limit"],
        msg: "Input should be less than or equal to 100",
        input: "500",
        ctx: { le: 100 },
      },
    ]);
  });

  test("a group without template is a missing field", async () => {
    expect(await details(bulk(), [{ charger_ids: ["001"] }])).toEqual([
      {
        type: "missing",
        loc: ["body", 0, "template"],
        msg: "Field required",
        input: { charger_ids: ["001"] },
      },
    ]);
  });

  test("an object instead of a list of groups is a wrong type", async () => {
    expect(await details(bulk(), { template: {} })).toEqual([
      { type: "list_type", loc: ["body"], msg: "Input should be a valid list", input: { template: {} } },
    ]);
  });

  test("an identity that occurs twice is reported at its second suffix", async () => {
    expect(await details(bulk(), [group({ charger_ids: ["001", "002", "001"] })])).toEqual([
      valueError(
        ["body", 0, "charger_ids", 2],
        "identity 'SITE_A_001' occurs more than once in this request",
        "001",
      ),
    ]);
  });

  test("malformed JSON says where and why", async () => {
    expect(await details(bulk(), "[{]")).toEqual([
      {
        type: "json_invalid",
        loc: ["body", 2],
        msg: "JSON decode error",
        input: {},
        ctx: { error: "Expecting property name enclosed in double quotes" },
      },
    ]);
  });
});

const wrong: Array<[field: string, value: unknown, finding: Record<string, unknown>]> = [
  ["identity", 5, { type: "string_type", msg: "Input should be a valid string" }],
  ["identity", null, { type: "string_type", msg: "Input should be a valid string" }],
  ["identity", "...", { type: "value_error", msg: "Value error, must contain a letter or a digit" }],
  ["identity", "A:B", { type: "string_pattern_mismatch" }],
  ["identity", "x".repeat(49), { type: "string_pattern_mismatch" }],
  [
    "brand_slug",
    "",
    { type: "string_too_short", msg: "String should have at least 1 character", ctx: { min_length: 1 } },
  ],
  [
    "charge_point_name",
    "n".repeat(256),
    { type: "string_too_long", msg: "String should have at most 255 characters", ctx: { max_length: 255 } },
  ],
  [
    "charge_point_name",
    "a\u0000b",
    { type: "value_error", msg: "Value error, must not contain control characters" },
  ],
  ["location_name", "a\ud800b", { type: "value_error", msg: "Value error, must be well-formed Unicode" }],
  [
    "ocpp_version",
    "OCPP1.5",
    {
      type: "literal_error",
      msg: "Input should be 'OCPP1.6', 'OCPP2.0.1' or 'OCPP2.1'",
      ctx: { expected: "'OCPP1.6', 'OCPP2.0.1' or 'OCPP2.1'" },
    },
  ],
  [
    "ws_url",
    "http://example.com",
    { type: "value_error", msg: "Value error, ws_url must start with ws:// or wss://" },
  ],
  ["ws_url", "ws://", { type: "value_error", msg: "Value error, ws_url must be a valid URL with a host" }],
  [
    "ws_url",
    "ws://example.com/#x",
    { type: "value_error", msg: "Value error, ws_url must not contain a fragment" },
  ],
  ["ws_url", " ws://example.com", { type: "value_error" }],
  ["connector_type", "c".repeat(33), { type: "string_too_long" }],
  ["runtime", true, { type: "string_type" }],
];

test.each(wrong)("a charger with %s = %j is refused at that field", async (field, value, finding) => {
  const found = await details("/ocpp/chargers", chargerBody(locationId, { [field]: value }));
  expect(found).toEqual([expect.objectContaining({ loc: ["body", field], ...finding })]);
});

const FORBIDDEN_HOSTS = [
  "localhost",
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f000001",
  "017700000001",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "10.0.0.1.",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "224.0.0.1",
  "[fd00::1]",
  "[fe80::1]",
];

test.each(FORBIDDEN_HOSTS)("a simulated charger may not be pointed at %s", async (host) => {
  const url = `ws://${host}/ocpp`;
  const reason = "ws_url must not point to a loopback, private or otherwise reserved address";
  expect(await details("/ocpp/chargers", chargerBody(locationId, { ws_url: url }))).toEqual([
    valueError(["body", "ws_url"], reason, url),
  ]);
});

test("credentials in a ws_url are refused and not repeated", async () => {
  const found = await details(
    "/ocpp/chargers",
    chargerBody(locationId, { ws_url: "wss://user:hunter2@example.com/" }),
  );
  expect(found).toEqual([expect.objectContaining({ type: "value_error", loc: ["body", "ws_url"] })]);
  expect(JSON.stringify(found)).not.toContain("hunter2");
});

test("a secret next to a missing field is not repeated", async () => {
  const found = await details("/ocpp/chargers", {
    identity: "A",
    password: "hunter2",
    authorization_key: "k",
  });
  expect(JSON.stringify(found)).not.toContain("hunter2");
});

test("a forbidden target is reported together with everything else, in schema order", async () => {
  const body = chargerBody(locationId, { identity: "", ws_url: "ws://localhost", runtime: "cloud" });
  const found = (await details("/ocpp/chargers", body)) as Array<{ loc: unknown[] }>;
  expect(found.map(({ loc }) => loc[1])).toEqual(["identity", "ws_url", "runtime"]);
});

test("an external charger has no ws_url", async () => {
  const url = "wss://example.com/ws";
  const body = chargerBody(locationId, { ws_url: url, runtime: "external" });
  expect(await details("/ocpp/chargers", body)).toEqual([
    valueError(["body", "ws_url"], "ws_url is not allowed for an external charger", url),
  ]);
});

const places: Array<[field: string, value: unknown, finding: Record<string, unknown>]> = [
  ["name", undefined, { type: "missing" }],
  ["name", "", { type: "string_too_short" }],
  ["slug", "No Slug", { type: "string_pattern_mismatch", ctx: { pattern: "^[a-z0-9]+(-[a-z0-9]+)*$" } }],
  ["country", "FRA", { type: "string_pattern_mismatch", ctx: { pattern: "^[A-Za-z]{2}$" } }],
  ["timezone", "Mars/Olympus", { type: "value_error", msg: "Value error, unknown time zone" }],
  ["timezone", "+01:00", { type: "value_error" }],
  ["public", 1, { type: "bool_type", msg: "Input should be a valid boolean" }],
  ["fuse_limit_a", 0, { type: "greater_than", msg: "Input should be greater than 0", ctx: { gt: 0 } }],
  ["fuse_limit_a", "5", { type: "float_type", msg: "Input should be a valid number" }],
  [
    "coordinates",
    5,
    {
      type: "model_attributes_type",
      msg: "Input should be a valid dictionary or object to extract fields from",
    },
  ],
];

test.each(places)("a location with %s = %j is refused at that field", async (field, value, finding) => {
  const found = await details("/ocpp/locations", { name: "Hub", [field]: value });
  expect(found).toEqual([expect.objectContaining({ loc: ["body", field], ...finding })]);
});

test("coordinates need both numbers within the globe", async () => {
  expect(await details("/ocpp/locations", { name: "Hub", coordinates: { latitude: -91 } })).toEqual([
    {
      type: "greater_than_equal",
      loc: ["body", "coordinates", "latitude"],
      msg: "Input should be greater than or equal to -90",
      input: -91,
      ctx: { ge: -90 },
    },
    {
      type: "missing",
      loc: ["body", "coordinates", "longitude"],
      msg: "Field required",
      input: { latitude: -91 },
    },
  ]);
});

const pages: Array<[query: string, finding: Record<string, unknown>]> = [
  ["page=0", { type: "greater_than_equal", loc: ["query", "page"], ctx: { ge: 1 } }],
  ["page=2147483648", { type: "less_than_equal", loc: ["query", "page"], ctx: { le: 2_147_483_647 } }],
  ["page=99999999999999999999", { type: "less_than_equal", loc: ["query", "page"] }],
  ["limit=", { type: "int_parsing", loc: ["query", "limit"], input: "" }],
  ["limit=1.5", { type: "int_parsing", loc: ["query", "limit"] }],
];

test.each(pages)("the page %s is refused", async (query, finding) => {
  for (const path of ["/ocpp/chargers", "/ocpp/locations", "/ocpp/catalog/brands"])
    expect(await details(`${path}?${query}`)).toEqual([expect.objectContaining(finding)]);
});

test("a body of another type than the operation's is a finding at the body", async () => {
  for (const body of ["[]", '"x"', "5", "true"])
    expect(await details("/ocpp/chargers", body)).toEqual([
      expect.objectContaining({ type: "model_attributes_type", loc: ["body"] }),
    ]);
  const missing = [{ type: "missing", loc: ["body"], msg: "Field required", input: null }];
  expect(await details("/ocpp/chargers", "null")).toEqual(missing);
  expect(await details("/ocpp/chargers", "")).toEqual(missing);
});

test("an input over 1 KiB is left out", async () => {
  const found = await details("/ocpp/chargers", { identity: "x".repeat(2000) });
  for (const finding of found as object[]) expect(finding).not.toHaveProperty("input");
});

test("no more than 100 findings are listed", async () => {
  const found = await details(
    bulk(),
    Array.from({ length: 300 }, () => 5),
  );
  expect(found).toHaveLength(100);
});
