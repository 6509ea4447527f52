import { expect, test } from "vitest";
import type { LineRequest, Ports } from "../../../../src/ports.ts";
import { BASE_URL, bodyOf, createWorld, type World } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";

const ID = "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2";

/** An application whose lines note what they were opened with. Plain Node has no answer 101. */
function liveWorld() {
  const opened: LineRequest[] = [];
  const liveLines: Ports["liveLines"] = {
    ...unusedPort<Ports["liveLines"]>("liveLines"),
    open: async (_request, line) => {
      opened.push(line);
      return new Response("open");
    },
  };
  return { world: createWorld({}, { liveLines }), opened };
}

async function ticketOf(world: World): Promise<string> {
  const headers = { "x-api-key": await world.apiKey("viewer") };
  const response = await world.request("/api/v1/events/ticket", { method: "POST", headers });
  expect(response.status).toBe(201);
  const { ticket, expiresAt } = await bodyOf(response);
  expect(expiresAt).toBe(new Date(world.clock.now.getTime() + 60_000).toISOString());
  return String(ticket);
}

const upgrade = { upgrade: "websocket", connection: "Upgrade" };

test("a viewer opens a line with its key, a filter and a place to go on", async () => {
  const { world, opened } = liveWorld();
  const headers = { ...upgrade, "x-api-key": await world.apiKey("viewer") };
  const path = `/api/v1/events/live?after=${ID}&type=charger.boot,charger.connected&chargeBoxId=CP-1`;
  expect((await world.request(path, { headers })).status).toBe(200);
  expect(opened).toEqual([
    {
      organizationId: world.organization.id,
      keyId: expect.stringMatching(/^key_/),
      after: ID,
      types: ["charger.boot", "charger.connected"],
      chargeBoxId: "CP-1",
    },
  ]);
});

test("a ticket opens a line for sixty seconds, and nothing else", async () => {
  const { world, opened } = liveWorld();
  const ticket = await ticketOf(world);
  const live = `/api/v1/events/live?ticket=${ticket}`;
  expect((await world.request(live, { headers: { ...upgrade, origin: BASE_URL } })).status).toBe(200);
  expect(opened).toHaveLength(1);
  for (const path of ["/api/v1/events", "/api/v1/chargers", "/api/v1/events/live/x"])
    expect((await world.request(`${path}?ticket=${ticket}`)).status).toBe(401);
  expect((await world.request("/api/v1/events", { headers: { "x-api-key": ticket } })).status).toBe(401);
  expect(
    (await world.request("/ocpp/chargers", { headers: { authorization: `Bearer ${ticket}` } })).status,
  ).toBe(401);
  world.clock.advance(61_000);
  expect((await world.request(live, { headers: upgrade })).status).toBe(401);
});

test("the ticket of a key that was revoked since opens nothing", async () => {
  const { world, opened } = liveWorld();
  const ticket = await ticketOf(world);
  for (const { id } of await world.ports.apiKeys.list(world.organization.id))
    await world.ports.apiKeys.revoke(world.organization.id, id, world.clock.now);
  expect((await world.request(`/api/v1/events/live?ticket=${ticket}`, { headers: upgrade })).status).toBe(
    401,
  );
  expect(opened).toEqual([]);
});

test("no ticket appears in the log", async () => {
  const { world } = liveWorld();
  const ticket = await ticketOf(world);
  await world.request(`/api/v1/events/live?ticket=${ticket}`, { headers: upgrade });
  await world.settled();
  expect(world.logLines.length).toBeGreaterThan(1);
  expect(world.logLines.join("\n")).not.toContain(ticket);
});

test.each([
  ["no upgrade", "", {}, 426, "UPGRADE_REQUIRED"],
  ["a page of another origin", "", { ...upgrade, origin: "https://evil.test" }, 403, "FORBIDDEN"],
  ["an opaque origin", "", { ...upgrade, origin: "null" }, 403, "FORBIDDEN"],
  ["an unknown type", "?type=charger.exploded", upgrade, 400, "VALIDATION_ERROR"],
  ["a cursor that is no event", "?after=yesterday", upgrade, 400, "VALIDATION_ERROR"],
])(
  "an opening with %s is refused in the format of the surface",
  async (_name, query, headers, status, code) => {
    const { world, opened } = liveWorld();
    const key = await world.apiKey("viewer");
    const response = await world.request(`/api/v1/events/live${query}`, {
      headers: { "x-api-key": key, ...headers },
    });
    expect([response.status, await bodyOf(response)]).toEqual([
      status,
      { success: false, error: expect.objectContaining({ code }) },
    ]);
    expect(opened).toEqual([]);
  },
);

test.each([
  "",
  "?ticket=",
  "?ticket=abc",
  "?ticket=eyJhbGciOiJub25lIn0.eyJzdWIiOiJrZXlfMSJ9.",
  `?ticket=${"x".repeat(5000)}`,
])("an opening without a valid credential is answered 401: %.40s", async (query) => {
  const { world, opened } = liveWorld();
  expect((await world.request(`/api/v1/events/live${query}`, { headers: upgrade })).status).toBe(401);
  expect(opened).toEqual([]);
});
