import { afterAll, beforeAll, expect, test } from "vitest";
import { EVENT_CATALOG } from "../../../src/events/catalog.ts";
import { eventBody } from "../../../src/events/event-body.ts";
import { EVENT_TYPES, type EventCursor, type EventQuery, type SessionFact } from "../../../src/ports.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { registered } from "./event-scene.ts";

let db: Database;
beforeAll(async () => {
  // Of a server that is shared, transactions of other tests hold up the feed.
  db = await openDatabase({ isShared: false });
});
afterAll(() => db.close());

const NOW = Date.now();

const ALL: EventQuery = { after: null, types: null, chargeBoxId: null, limit: 100 };

async function feed(organization: { id: string }, query: Partial<EventQuery> = {}) {
  const page = await db.stores.events.page(organization.id, { ...ALL, ...query });
  if (!page) throw new Error("the cursor is not known");
  return page;
}

const online: SessionFact = { type: "connection", online: true, ocppVersion: "ocpp1.6" };
const offline: SessionFact = {
  type: "connection",
  online: false,
  ocppVersion: "ocpp1.6",
  close: { code: 1001, reason: "going away" },
};

/** So many events of one organisation, stored together or, with `apart`, each in a transaction of its own. */
async function stored(organizationId: string, count: number, about: { type?: string; data?: string } = {}) {
  const { type = "charger.connected", data = "{}" } = about;
  await db.sql.write(
    `INSERT INTO events (organization_id, id, type, charge_box_id, at, data)
     SELECT $1::uuid, event_id(now(), $3::text || n), $3::text, 'CP-' || n % 10, now(), $4::json FROM generate_series(1, $2::int) n`,
    [organizationId, count, type, data],
  );
}

test("every type has a description whose example holds to its schema", () => {
  expect(Object.keys(EVENT_CATALOG).toSorted()).toEqual([...EVENT_TYPES].toSorted());
  for (const { data, example } of Object.values(EVENT_CATALOG)) {
    expect(data.parse(example)).toEqual(example);
    expect(Object.keys(example)).toEqual(Object.keys(data.shape));
  }
});

test("a connection and its end are one event each, however often their facts arrive", async () => {
  const { organization, apply, told, id } = await registered(db);
  for (let i = 0; i < 3; i += 1) await apply(7, NOW, online);
  for (let i = 0; i < 3; i += 1) await apply(7, NOW + 5000, offline);
  await apply(7, NOW, online);
  const { events } = await feed(organization);
  expect(events.map(eventBody)).toEqual([
    {
      event: "charger.connected",
      timestamp: new Date(NOW).toISOString(),
      data: { chargeBoxId: "CP-1", ocppVersion: "ocpp1.6" },
    },
    {
      event: "charger.disconnected",
      timestamp: new Date(NOW + 5000).toISOString(),
      data: { chargeBoxId: "CP-1", code: 1001, reason: "going away" },
    },
  ]);
  const [organizationId, chargerId] = [organization.id, id];
  expect(told).toEqual(
    events.map(({ id: event, type }) => ({
      organizationId,
      chargerId,
      id: event,
      type,
      webhookIds: [],
      isLive: false,
    })),
  );
});

test("ids are those of the contract and sort by the time of their events", async () => {
  const { organization, apply } = await registered(db);
  const times = [NOW + 3, NOW - 60_000, NOW, NOW + 5];
  for (const [generation, atMs] of times.entries()) await apply(generation + 1, atMs, online);
  const { events } = await feed(organization);
  for (const { id } of events) expect(id).toMatch(/^evt_[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  const byId = events.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ at }) => at.getTime());
  expect(byId).toEqual(times.toSorted((a, b) => a - b));
});

test("a fact that is told again days later, when its event is pruned, has no second event", async () => {
  const { organization, apply } = await registered(db);
  await apply(1, NOW - 8 * 86_400_000, online);
  expect((await feed(organization)).events).toEqual([]);
});

test("facts of one statement have their events in the order of the facts", async () => {
  const tenant = db.tenant();
  const [a, b] = [await registered(db, "A", tenant), await registered(db, "B", tenant)];
  const row = (chargerId: string, generation: number, fact: SessionFact) => ({
    chargerId,
    generation,
    atMs: NOW,
    fact,
  });
  const rows = [row(b.id, 1, online), row(a.id, 1, online), row(b.id, 1, offline), row(b.id, 2, online)];
  await db.stores.chargers.applySessionFacts(rows);
  const { events } = await feed(a.organization);
  expect(events.map(({ type, data }) => [data["chargeBoxId"], type.slice(8)])).toEqual([
    ["B", "connected"],
    ["A", "connected"],
    ["B", "disconnected"],
    ["B", "connected"],
  ]);
});

test("pages that follow each other hold every event once, in order", async () => {
  const { organization } = await db.tenant();
  for (let i = 0; i < 5; i += 1) await stored(organization.id, 7, { type: `t${i}` });
  const { events: all } = await feed(organization, { limit: 200 });
  expect(all).toHaveLength(35);
  const read: string[] = [];
  let after: EventCursor | null = null;
  for (;;) {
    const page = await feed(organization, { after, limit: 10 });
    read.push(...page.events.map(({ id }) => id));
    after = page.next === null ? null : { id: page.next };
    if (!page.hasMore) break;
  }
  expect(read).toEqual(all.map(({ id }) => id));
  expect(await feed(organization, { after })).toEqual({
    events: [],
    next: all.at(-1)?.id,
    hasMore: false,
  });
});

test("an organisation sees its own events only, and cannot read on behind those of another", async () => {
  const [one, other] = [await db.tenant(), await db.tenant()];
  await stored(one.organization.id, 3);
  const { next } = await feed(one.organization);
  expect(await feed(other.organization)).toEqual({ events: [], next: null, hasMore: false });
  const after = { id: next ?? "" };
  expect(await db.stores.events.page(other.organization.id, { ...ALL, after })).toBeNull();
});

test("filters select by type and charger, and a page of a rare one ends after a bounded number of events", async () => {
  const { organization } = await db.tenant();
  await stored(organization.id, 6_000);
  await stored(organization.id, 10, { type: "charger.disconnected" });
  const first = await feed(organization, { types: ["charger.disconnected"] });
  expect(first).toMatchObject({ events: [], hasMore: true });
  const after = { id: first.next ?? "" };
  const rare = await feed(organization, { types: ["charger.disconnected", "x"], after });
  expect([rare.events.length, rare.hasMore]).toEqual([10, false]);
  const one = await feed(organization, {
    types: ["charger.disconnected"],
    after,
    chargeBoxId: "CP-3",
  });
  expect([one.events.length, one.hasMore]).toEqual([1, false]);
  const ofCharger = await feed(organization, { chargeBoxId: "CP-3", limit: 50 });
  expect([ofCharger.events.length, ofCharger.hasMore]).toEqual([50, true]);
});

test("a page of large events is shorter than asked for, and the next ones follow it", async () => {
  const { organization } = await db.tenant();
  const data = JSON.stringify({ text: "x".repeat(300_000) });
  await stored(organization.id, 9, { data });
  const page = await feed(organization);
  expect([page.events.length, page.hasMore]).toEqual([6, true]);
  const rest = await feed(organization, { after: { id: page.next ?? "" } });
  expect([rest.events.length, rest.hasMore]).toEqual([3, false]);
});

test("a time begins with what was stored from then on, in whatever order it is read", async () => {
  const { organization } = await db.tenant();
  for (const [n, age] of ["60 seconds", "30 seconds", "20 seconds", "1 second"].entries())
    await db.sql.write(
      `INSERT INTO events (organization_id, id, type, at, data, created_at)
       VALUES ($1::uuid, $2::text, 't', now(), '{}', now() - $3::interval)`,
      [organization.id, `evt_${n}`, age],
    );
  const from = async (seconds: number) => {
    const after = { storedFrom: new Date(Date.now() - seconds * 1000) };
    return (await feed(organization, { after })).events.map(({ id }) => id);
  };
  expect(await from(100)).toEqual(["evt_0", "evt_1", "evt_2", "evt_3"]);
  expect(await from(35)).toEqual(["evt_1", "evt_2", "evt_3"]);
  expect(await from(-1)).toEqual([]);
});

test("the oldest event is the one that a reader without a cursor gets first", async () => {
  const { organization } = await db.tenant();
  expect(await db.stores.events.oldest(organization.id)).toBeNull();
  await stored(organization.id, 3);
  const { events } = await feed(organization);
  expect(await db.stores.events.oldest(organization.id)).toMatchObject({ id: events[0]?.id });
});

test("data comes back with its keys in the order in which it was written", async () => {
  const { organization } = await db.tenant();
  const data = '{"zeta":1,"alpha":{"y":2.50,"x":null},"10":"ten"}';
  await stored(organization.id, 1, { data });
  const { events } = await feed(organization);
  expect(JSON.stringify(events[0]?.data)).toBe(JSON.stringify(JSON.parse(data)));
});
