import { beforeEach, describe, expect, test } from "vitest";
import { type Gateway, openGateway, chargerBody } from "./gateway.ts";

const LATER = new Date("2026-04-02T09:45:00.000Z");
const PLACE = {
  name: "Hub",
  slug: "hub",
  address: "14 Rue de la Paix",
  city: "Paris",
  country: "FR",
  coordinates: { latitude: 48.8566, longitude: 2.3522 },
  timezone: "Europe/Paris",
  owner_name: "VINCI Autoroutes",
  public: true,
  fuse_limit_a: 63,
};

let gateway: Gateway;
let id: string;
beforeEach(async () => {
  gateway = await openGateway();
  const { json } = await gateway.call("/ocpp/locations", { body: PLACE });
  id = (json as { id: string }).id;
  gateway.fleet.now = LATER;
});

const put = (body?: unknown, of = id) => gateway.call(`/ocpp/locations/${of}`, { method: "PUT", body });
const remove = (of = id) => gateway.call(`/ocpp/locations/${of}`, { method: "DELETE" });
const get = async () => (await gateway.call(`/ocpp/locations/${id}`)).json;

test("only supplied fields are modified, and a rename leaves the slug", async () => {
  const before = (await get()) as object;
  const body = { name: "La Defense Charging Hub - West", timezone: "Europe/London", public: false };
  const answer = await put(body);
  expect([answer.status, answer.json]).toEqual([
    200,
    { ...before, ...body, slug: "hub", updated_at: LATER.toISOString() },
  ]);
  expect(await get()).toEqual(answer.json);
});

test.each([undefined, "", "{}", JSON.stringify(PLACE), '{"id":"x","status":"closed","created_at":null}'])(
  "the body %j changes nothing, updated_at included",
  async (body) => {
    const before = await get();
    const answer = await put(body);
    expect([answer.status, answer.json]).toEqual([200, before]);
  },
);

test("null clears, and public falls back to false", async () => {
  const cleared = {
    address: null,
    city: null,
    country: null,
    coordinates: null,
    timezone: null,
    owner_name: null,
    fuse_limit_a: null,
  };
  expect((await put({ ...cleared, public: null })).json).toMatchObject({
    ...cleared,
    public: false,
    name: "Hub",
  });
});

test("coordinates are replaced as a whole, a country is stored in upper case", async () => {
  const coordinates = { latitude: 0, longitude: -0.5 };
  const answer = await put({ coordinates, country: "gb" });
  expect(answer.json).toMatchObject({ coordinates, country: "GB" });
  expect((await put({ coordinates: { latitude: 1 } })).status).toBe(422);
});

test("null for what every location has is a wrong value, an empty text is too short", async () => {
  const empty = { address: "", city: "", country: "", timezone: "", owner_name: "" };
  const answer = await put({ name: null, slug: null, ...empty });
  const { detail } = answer.json as { detail: Array<{ type: string; loc: string[]; msg: string }> };
  expect(detail.map(({ type, loc }) => [type, loc[1]])).toEqual([
    ["value_error", "name"],
    ["value_error", "slug"],
    ...["address", "city", "country", "timezone", "owner_name"].map((field) => ["string_too_short", field]),
  ]);
  expect(detail[0]?.msg).toBe("Value error, must not be null");
  expect((await put({ name: "", slug: "" })).status).toBe(422);
});

test.each([
  { slug: "No Slug" },
  { country: "FRA" },
  { timezone: "Mars/Olympus" },
  { coordinates: { latitude: 91, longitude: 0 } },
  { fuse_limit_a: 0 },
  { public: "yes" },
])("%j is refused", async (body) => {
  expect((await put(body)).status).toBe(422);
});

test("a slug that another location has is a 409, its own is not", async () => {
  await gateway.call("/ocpp/locations", { body: { name: "Other", slug: "other" } });
  const answer = await put({ slug: "other" });
  expect([answer.status, answer.json]).toEqual([409, { detail: "Location slug already exists" }]);
  expect((await put({ slug: "hub" })).status).toBe(200);
});

describe("deleting", () => {
  test("an empty location is final, and a second time unknown", async () => {
    const answer = await remove();
    expect([answer.status, answer.json]).toEqual([200, { msg: "Location deleted", location_id: id }]);
    expect((await remove()).json).toEqual({ detail: "Location not found" });
    expect((await put({ name: "x" })).json).toEqual({ detail: "Location not found" });
  });

  test("is refused while it has chargers, whatever their state", async () => {
    await gateway.call("/ocpp/chargers", { body: chargerBody(id) });
    await gateway.call("/ocpp/chargers", { body: chargerBody(id, { identity: "SECOND" }) });
    const answer = await remove();
    expect([answer.status, answer.json]).toEqual([409, { detail: "Location still has 2 chargers" }]);
  });
});

test("unknown, malformed and foreign locations are one 404, and stay as they are", async () => {
  const foreign = gateway.location(gateway.fleet.addOrganization()).id;
  for (const of of ["0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10", "dep-123", foreign, id.toUpperCase()])
    for (const answer of [await put({ name: "x" }, of), await remove(of)])
      expect([answer.status, answer.json]).toEqual([404, { detail: "Location not found" }]);
  expect(gateway.fleet.locations.get(foreign)).toMatchObject({ name: "Site" });
});
