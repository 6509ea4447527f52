import { beforeEach, expect, test } from "vitest";
import { chargerBody, type Gateway, openGateway } from "./gateway.ts";

let gateway: Gateway;
let locationId: string;
beforeEach(async () => {
  gateway = await openGateway();
  locationId = gateway.location().id;
});

interface Accepted {
  charger_id: string;
  identity: string;
  status: string;
  status_url: string;
  workflow_run_id: string | null;
}

const create = (over: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  gateway.call("/ocpp/chargers", { body: chargerBody(locationId, over), headers });

test("a create is accepted with the place to poll, and the charger is there at once", async () => {
  const answer = await create();
  const accepted = answer.json as Accepted;
  expect(answer.status).toBe(202);
  expect(accepted).toEqual({
    charger_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    identity: "CP-FAST-201",
    status: "PROVISIONING",
    status_url: `/ocpp/chargers/${accepted.charger_id}/status`,
    workflow_run_id: gateway.fleet.published[0],
  });
  expect(gateway.fleet.published).toEqual([expect.stringMatching(/^wfr_[0-9a-f-]{36}-0$/)]);
  expect(answer.headers.get("location")).toBe(accepted.status_url);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("content-type")).toBe("application/json");
  const got = await gateway.call(`/ocpp/chargers/${accepted.charger_id}`);
  expect(got.json).toEqual({
    id: accepted.charger_id,
    identity: "CP-FAST-201",
    name: "Fast Bay 01",
    vendor_name: "ABB",
    model: "Terra 184",
    image_url: null,
    ocpp_version: "OCPP2.0.1",
    number_of_connectors: 2,
    max_charging_power: 180_000,
    connector_type: "CCS2",
    location_id: locationId,
    created_at: "2026-04-02T09:15:00.000Z",
    updated_at: "2026-04-02T09:15:00.000Z",
  });
});

test("while the engine is away the 202 stands, PENDING and without run id", async () => {
  gateway.fleet.isEngineDown = true;
  const answer = await create();
  expect(answer.status).toBe(202);
  expect(answer.json).toMatchObject({ status: "PENDING", workflow_run_id: null });
});

test("the version is compared without regard to case and stored in its canonical form", async () => {
  const { charger_id: id } = (await create({ ocpp_version: "ocpp1.6" })).json as Accepted;
  expect((await gateway.call(`/ocpp/chargers/${id}`)).json).toMatchObject({ ocpp_version: "OCPP1.6" });
});

test("without a connector type the model's first counts, a given one is taken as it is", async () => {
  const plain = (await create({ connector_type: null })).json as Accepted;
  expect((await gateway.call(`/ocpp/chargers/${plain.charger_id}`)).json).toMatchObject({
    connector_type: "CCS2",
  });
  const odd = (await create({ identity: "ODD", connector_type: "Schuko" })).json as Accepted;
  expect((await gateway.call(`/ocpp/chargers/${odd.charger_id}`)).json).toMatchObject({
    connector_type: "Schuko",
  });
});

test("unknown fields are ignored, whatever their name", async () => {
  const body = `{"__proto__":{"identity":"X"},"id":"mine","organization_id":"theirs",${JSON.stringify(chargerBody(locationId)).slice(1)}`;
  const answer = await gateway.call("/ocpp/chargers", { body });
  expect(answer.status).toBe(202);
  expect((answer.json as Accepted).charger_id).not.toBe("mine");
});

test.each([
  [{ brand_slug: "acme" }, "Invalid charger data: unknown brand 'acme'"],
  [{ model_slug: "acme-1" }, "Invalid charger data: unknown model 'acme-1' of brand 'abb'"],
  [{ brand_slug: "ABB" }, "Invalid charger data: unknown brand 'ABB'"],
  [
    { model_slug: "evlink-pro-ac-22kw" },
    "Invalid charger data: unknown model 'evlink-pro-ac-22kw' of brand 'abb'",
  ],
])("what the catalog does not have (%j) is a 400", async (over, detail) => {
  const answer = await create(over);
  expect([answer.status, answer.json]).toEqual([400, { detail }]);
});

test("an unknown location comes before an unknown brand, a malformed body before both", async () => {
  const elsewhere = "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10";
  const unknown = await create({ location_id: elsewhere, brand_slug: "acme" });
  expect([unknown.status, unknown.json]).toEqual([404, { detail: "Location not found" }]);
  expect((await create({ location_id: elsewhere, brand_slug: "acme", identity: 5 })).status).toBe(422);
});

test("an identity that exists is a 409", async () => {
  await create();
  const answer = await create();
  expect([answer.status, answer.json]).toEqual([
    409,
    { detail: "Charger identity 'CP-FAST-201' already exists" },
  ]);
});

test("a private target passes where the deployment allows it", async () => {
  gateway = await openGateway({ ALLOW_PRIVATE_TARGETS: true });
  locationId = gateway.location().id;
  expect((await create({ ws_url: "ws://127.0.0.1:9000/ocpp" })).status).toBe(202);
});

test("an organisation with a list of hosts has its simulated chargers connect there alone", async () => {
  const msg = "Value error, ws_url must point to a host that the organisation allows";
  const refused = async (wsUrl: string) => {
    const answer = await create({ identity: `CP-${wsUrl.length}`, ws_url: wsUrl });
    return [answer.status, answer.json];
  };
  gateway.organization.wsUrlHosts = ["csms.example.com", "*.csms.example.org"];
  expect((await create({ ws_url: "wss://CSMS.example.com./ocpp" })).status).toBe(202);
  expect((await create({ identity: "BELOW", ws_url: "wss://a.csms.example.org/ocpp" })).status).toBe(202);
  for (const wsUrl of [
    "wss://rebound.example.net/ocpp",
    "wss://csms.example.org/",
    "wss://csms.example.com.a.example/",
  ])
    expect(await refused(wsUrl)).toEqual([
      422,
      {
        detail: [
          { type: "value_error", loc: ["body", "ws_url"], msg, input: wsUrl, ctx: { error: msg.slice(13) } },
        ],
      },
    ]);
  const batch = [
    {
      template: {
        brand_slug: "generic",
        model_slug: "generic-ac-22kw",
        ocpp_version: "OCPP1.6",
        ws_url: "wss://rebound.example.net/",
      },
      chargers_number: 1,
    },
  ];
  const answer = await gateway.call(`/ocpp/locations/${locationId}/chargers`, { body: batch });
  expect([answer.status, answer.json]).toMatchObject([
    422,
    { detail: [{ loc: ["body", 0, "template", "ws_url"], msg }] },
  ]);
  const [charger] = gateway.fleet.chargers.values();
  const change = await gateway.call(`/ocpp/chargers/${charger?.id}`, {
    method: "PUT",
    body: { ws_url: "wss://rebound.example.net/" },
  });
  expect([change.status, change.json]).toMatchObject([422, { detail: [{ loc: ["body", "ws_url"], msg }] }]);
  gateway.organization.wsUrlHosts = [];
  expect((await refused("wss://csms.example.com/ocpp"))[0]).toBe(422);
});

test("a repeat with its Idempotency-Key gets the first answer byte for byte", async () => {
  const headers = { "idempotency-key": '"k 1"' };
  const first = await create({}, headers);
  const again = await gateway.call("/ocpp/chargers/", {
    body: JSON.stringify(Object.fromEntries(Object.entries(chargerBody(locationId)).reverse()), null, 2),
    headers,
  });
  expect(again.text).toBe(first.text);
  expect(again.status).toBe(202);
  for (const name of ["location", "retry-after"])
    expect(again.headers.get(name)).toBe(first.headers.get(name));
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(gateway.fleet.chargers.size).toBe(1);
});

test("a key that was used with another body is refused at the header", async () => {
  await create({}, { "idempotency-key": "k" });
  const answer = await create({ identity: "OTHER" }, { "idempotency-key": "k" });
  expect(answer.status).toBe(422);
  expect(answer.json).toEqual({
    detail: [
      {
        type: "value_error",
        loc: ["header", "Idempotency-Key"],
        msg: "Value error, this key was already used with a different request body",
      },
    ],
  });
});

test("a key whose first request still runs is a 409 with a time to come back", async () => {
  await create({}, { "idempotency-key": "k" });
  for (const claim of gateway.fleet.claims) claim.response = null;
  const answer = await create({}, { "idempotency-key": "k" });
  expect(answer.status).toBe(409);
  expect(answer.json).toEqual({ detail: "A request with this Idempotency-Key is still being processed" });
  expect(answer.headers.get("retry-after")).toBe("1");
});

test.each(["k".repeat(256), "schlüssel"])("the key %s is no key", async (key) => {
  const answer = await create({ identity: 5 }, { "idempotency-key": key });
  const { detail } = answer.json as { detail: Array<{ loc: unknown[]; type: string }> };
  expect(answer.status).toBe(422);
  expect(detail.map(({ loc, type }) => [loc, type])).toEqual([
    [["header", "Idempotency-Key"], "value_error"],
    [["body", "identity"], "string_type"],
  ]);
});

test("a key belongs to its organisation and its path", async () => {
  await create({}, { "idempotency-key": "k" });
  const stranger = gateway.fleet.addOrganization();
  const token = await gateway.token({ org: stranger.id, role: "operator" });
  const body = chargerBody(gateway.location(stranger).id);
  const answer = await gateway.call("/ocpp/chargers", { token, body, headers: { "idempotency-key": "k" } });
  expect([answer.status, answer.headers.get("idempotency-replayed")]).toEqual([202, null]);
});

test.each(["application/json; charset=utf-8", "application/vnd.acme+json", ""])(
  "the media type %j passes",
  async (type) => {
    const body = new TextEncoder().encode(JSON.stringify(chargerBody(locationId)));
    const headers: Record<string, string> = { authorization: `Bearer ${gateway.operator}` };
    if (type !== "") headers["content-type"] = type;
    const request = new Request("https://busbar.test/ocpp/chargers", { method: "POST", headers, body });
    expect((await gateway.fetch(request)).status).toBe(202);
  },
);

test("a body over 1 MiB is a 413, announced or not", async () => {
  const body = `{"identity":"${"x".repeat(1024 * 1024)}"}`;
  const answer = await gateway.call("/ocpp/chargers", { body });
  expect([answer.status, answer.json]).toEqual([413, { detail: "Request body too large" }]);
});

test("100,000 levels of nesting are answered, with and without Idempotency-Key", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const fields = JSON.stringify(chargerBody(locationId)).slice(1);
  const headers = { "idempotency-key": "deep" };
  expect((await gateway.call("/ocpp/chargers", { body: `{"deep":${deep},${fields}`, headers })).status).toBe(
    202,
  );
  expect((await gateway.call("/ocpp/chargers", { body: deep })).status).toBe(422);
  expect((await gateway.call("/ocpp/chargers", { body: `{"identity":${deep}}` })).status).toBe(422);
  expect((await gateway.call("/ocpp/chargers", { body: deep.slice(1) })).status).toBe(422);
});

test.each([
  { brand_slug: "acme" },
  { location_id: "dep-123" },
  { location_id: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10" },
])("a used key is noticed before %j is", async (over) => {
  await create({}, { "idempotency-key": "k" });
  const answer = await create(over, { "idempotency-key": "k" });
  expect(answer.status).toBe(422);
  expect(answer.json).toMatchObject({ detail: [{ loc: ["header", "Idempotency-Key"] }] });
  const inFlight = gateway.fleet.claims[0];
  if (inFlight) inFlight.response = null;
  expect((await create({}, { "idempotency-key": "k" })).status).toBe(409);
});

test("a free key leaves the refusal as it is, and stays free", async () => {
  const headers = { "idempotency-key": "k" };
  expect((await create({ brand_slug: "acme" }, headers)).status).toBe(400);
  expect((await create({ location_id: "dep-123" }, headers)).status).toBe(404);
  expect((await create({}, headers)).headers.get("idempotency-replayed")).toBeNull();
});
