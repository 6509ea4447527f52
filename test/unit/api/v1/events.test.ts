import { expect, test } from "vitest";
import type { EventPage, EventQuery, FeedEvent, Ports } from "../../../../src/ports.ts";
import { bodyOf, createWorld } from "../access-world.ts";
import { unusedPort } from "../fake-ports.ts";

const ID = "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2";
const STARTED: FeedEvent = {
  id: ID,
  type: "charger.connected",
  at: new Date("2026-02-06T14:30:00Z"),
  data: { chargeBoxId: "CHARGER-001", ocppVersion: "ocpp1.6" },
};
const PAGE: EventPage = { events: [STARTED], next: ID, hasMore: false };

async function ask(
  query: string,
  found: EventPage | null = PAGE,
  oldest: { id: string; at: Date } | null = null,
) {
  const asked: Array<[string, EventQuery]> = [];
  const events: Ports["events"] = {
    ...unusedPort<Ports["events"]>("events"),
    page: async (organizationId, wanted) => (asked.push([organizationId, wanted]), found),
    oldest: async () => oldest,
  };
  const world = createWorld({}, { events });
  const headers = { "x-api-key": await world.apiKey("viewer") };
  const response = await world.request(`/api/v1/events${query}`, { headers });
  return { status: response.status, body: await bodyOf(response), asked, organization: world.organization };
}

const ALL: EventQuery = { after: null, types: null, chargeBoxId: null, limit: 100 };

test("the feed shows events as webhooks carry them, with their ids and where to read on", async () => {
  const { status, body, asked, organization } = await ask("");
  expect([status, body]).toEqual([
    200,
    {
      events: [
        {
          id: ID,
          event: "charger.connected",
          timestamp: "2026-02-06T14:30:00.000Z",
          data: { chargeBoxId: "CHARGER-001", ocppVersion: "ocpp1.6" },
        },
      ],
      next: ID,
      hasMore: false,
    },
  ]);
  expect(asked).toEqual([[organization.id, ALL]]);
});

test.each([
  [`?after=${ID}`, { after: { id: ID } }],
  ["?after=2026-02-06T13:00:00%2B01:00", { after: { storedFrom: new Date("2026-02-06T12:00:00Z") } }],
  ["?type=charger.connected,charger.disconnected", { types: ["charger.connected", "charger.disconnected"] }],
  ["?chargeBoxId=CHARGER-001&limit=500", { chargeBoxId: "CHARGER-001", limit: 500 }],
])("%s selects", async (query, wanted) => {
  const { status, asked } = await ask(query);
  expect([status, asked.map(([, found]) => found)]).toEqual([200, [{ ...ALL, ...wanted }]]);
});

test.each([
  ["?type=charger.conected", "type must be one of: charger.connected"],
  ["?type=charger.connected,", "type must be one of: charger.connected"],
  ["?after=evt_1", "after must be an event id or an ISO 8601 time"],
  ["?after=yesterday", "after must be an event id or an ISO 8601 time"],
  ["?limit=501", "limit must be at most 500"],
  ["?limit=0", "limit must be at least 1"],
])("%s is refused, and nothing is read", async (query, message) => {
  const { status, body, asked } = await ask(query);
  expect([status, asked]).toEqual([400, []]);
  expect(body).toMatchObject({ error: { code: "VALIDATION_ERROR", issues: [{ location: "query" }] } });
  expect(JSON.stringify(body)).toContain(message);
});

test("a cursor whose event is not kept is answered 410, with the oldest event that is", async () => {
  const oldest = { id: ID, at: STARTED.at };
  const { status, body } = await ask(`?after=${ID}`, null, oldest);
  expect([status, body]).toEqual([
    410,
    {
      success: false,
      error: {
        code: "CURSOR_EXPIRED",
        message: "The cursor is unknown or too old: read the present state, then go on without `after`",
        oldest: { id: ID, timestamp: "2026-02-06T14:30:00.000Z" },
      },
    },
  ]);
});

test("a time from which on not everything is kept is answered 410 too", async () => {
  const { status, body, asked } = await ask("?after=2026-01-30T11:59:59Z");
  expect([status, asked]).toEqual([410, []]);
  expect(body).toMatchObject({ error: { code: "CURSOR_EXPIRED", oldest: null } });
  expect((await ask("?after=2026-01-30T12:00:01Z")).status).toBe(200);
});
