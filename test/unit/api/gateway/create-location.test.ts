import { beforeEach, expect, test } from "vitest";
import { type Gateway, openGateway } from "./gateway.ts";

let gateway: Gateway;
beforeEach(async () => {
  gateway = await openGateway();
});

const HUB = {
  name: "La Défense Charging Hub",
  address: "14 Rue de la Paix",
  city: "Paris",
  country: "fr",
  coordinates: { latitude: 48.8566, longitude: 2.3522, altitude: 35 },
  timezone: "Europe/Paris",
  owner_name: "VINCI Autoroutes",
  public: true,
};

test("a location is created, readable at its Location, and listed", async () => {
  const answer = await gateway.call("/ocpp/locations", { body: HUB });
  const created = answer.json as { id: string };
  expect(answer.status).toBe(201);
  expect(created).toEqual({
    ...HUB,
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    slug: expect.stringMatching(/^la-defense-charging-hub-[0-9a-f]{8}$/),
    country: "FR",
    coordinates: { latitude: 48.8566, longitude: 2.3522 },
    status: "active",
    fuse_limit_a: null,
    created_at: "2026-04-02T09:15:00.000Z",
    updated_at: "2026-04-02T09:15:00.000Z",
  });
  expect(answer.headers.get("location")).toBe(`/ocpp/locations/${created.id}`);
  expect((await gateway.call(`/ocpp/locations/${created.id}`)).json).toEqual(created);
  expect((await gateway.call("/ocpp/locations")).json).toEqual({
    data: [created],
    total: 1,
    page: 1,
    limit: 50,
  });
});

test("a name alone is enough, in any script", async () => {
  const answer = await gateway.call("/ocpp/locations", { body: { name: "東京" } });
  expect(answer.json).toMatchObject({
    slug: expect.stringMatching(/^location-[0-9a-f]{8}$/),
    address: null,
    coordinates: null,
    public: false,
  });
});

test("a slug that exists is a 409", async () => {
  await gateway.call("/ocpp/locations", { body: { name: "A", slug: "hub" } });
  const answer = await gateway.call("/ocpp/locations", { body: { name: "B", slug: "hub" } });
  expect([answer.status, answer.json]).toEqual([409, { detail: "Location slug already exists" }]);
});

test("a repeat with its Idempotency-Key makes no second location", async () => {
  const options = { body: { name: "A" }, headers: { "idempotency-key": "k" } };
  const first = await gateway.call("/ocpp/locations", options);
  const again = await gateway.call("/ocpp/locations", options);
  expect(again.text).toBe(first.text);
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  expect(again.headers.get("location")).toBe(first.headers.get("location"));
  expect(gateway.fleet.locations.size).toBe(1);
});
