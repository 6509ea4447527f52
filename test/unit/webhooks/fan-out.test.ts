import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoredEvent } from "../../../src/ports.ts";
import { deliveriesOf, publishDeliveries } from "../../../src/webhooks/publish-deliveries.ts";
import { replayPart, startReplay } from "../../../src/webhooks/replay-webhook.ts";
import { sweepDeliveries } from "../../../src/webhooks/sweep-deliveries.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { webhookScene } from "./webhook-scene.ts";

let db: Database;
beforeAll(async () => {
  // Of a server that is shared, transactions of other tests hold up replays.
  db = await openDatabase({ isShared: false });
});
afterAll(() => db.close());

const URL = "https://hooks.example.com/";
const MINUTE_MS = 60_000;

test("an event is stored with a delivery for each active webhook of its organisation that wants it", async () => {
  const scene = await webhookScene(db);
  const stranger = await webhookScene(db);
  const wanting = [
    await scene.hook(URL),
    await scene.hook(URL, { events: ["charger.disconnected", "charger.connected"] }),
  ];
  await scene.hook(URL, { events: ["charger.disconnected"] });
  const off = await scene.hook(URL);
  await db.stores.webhooks.change(scene.organization.id, off, { active: false }, scene.now());
  await stranger.hook(URL);
  const [event] = await scene.connected();
  expect(event?.webhookIds.toSorted()).toEqual(wanting.toSorted());
  for (const id of wanting)
    expect(await scene.deliveries(id)).toMatchObject([
      { eventId: event?.id, status: "pending", attempts: 0 },
    ]);
  expect(await scene.deliveries(off)).toEqual([]);
});

test("deliveries of one event to twenty webhooks are one batch and one mark", async () => {
  const scene = await webhookScene(db);
  for (let n = 0; n < 20; n += 1) await scene.hook(URL);
  const events = await scene.connected();
  let [batches, marks] = [0, 0];
  const { messages, deliveries } = scene.ports;
  await publishDeliveries(
    {
      ...scene.ports,
      messages: { ...messages, deliver: (due) => ((batches += 1), messages.deliver(due)) },
      deliveries: {
        ...deliveries,
        published: (keys, now) => ((marks += 1), deliveries.published(keys, now)),
      },
    },
    deliveriesOf(events),
  );
  expect([batches, marks, scene.engine.published.length]).toEqual([1, 1, 20]);
});

const sweep = (scene: Awaited<ReturnType<typeof webhookScene>>) =>
  sweepDeliveries(scene.ports, scene.clock.ms + 10_000);

/** Deliveries of one organisation that a pass published. */
async function swept(scene: Awaited<ReturnType<typeof webhookScene>>): Promise<string[]> {
  const before = scene.engine.published.length;
  await sweep(scene);
  return scene.engine.published
    .slice(before)
    .filter(({ organizationId }) => organizationId === scene.organization.id)
    .map(({ eventId }) => eventId);
}

test("what was not published is published by the sweeper, and again only when it has been without an attempt for an hour", async () => {
  const scene = await webhookScene(db);
  const id = await scene.hook(URL);
  const [event] = await scene.connected();
  expect(await swept(scene)).toEqual([]);
  scene.clock.ms += 2 * MINUTE_MS;
  expect(await swept(scene)).toEqual([event?.id]);
  scene.clock.ms += 30 * MINUTE_MS;
  expect(await swept(scene)).toEqual([]);
  scene.clock.ms += 31 * MINUTE_MS;
  expect(await swept(scene)).toEqual([event?.id]);
  const key = scene.key(id, event?.id ?? "");
  const retry = {
    attempts: 1,
    status: "pending",
    responseStatus: 500,
    isGone: false,
    at: scene.now(),
  } as const;
  await db.stores.deliveries.settle(key, retry);
  scene.clock.ms += 24 * 60 * MINUTE_MS;
  expect(await swept(scene)).toEqual([]);
  scene.clock.ms += 61 * MINUTE_MS;
  expect(await swept(scene)).toEqual([event?.id]);
});

test("while the engine is away the sweeper keeps what it found for the passes after", async () => {
  const scene = await webhookScene(db);
  await scene.hook(URL);
  const [event] = await scene.connected();
  scene.clock.ms += 2 * MINUTE_MS;
  scene.engine.isDown = true;
  await expect(sweep(scene)).rejects.toThrow("down");
  scene.engine.isDown = false;
  scene.clock.ms += 3 * MINUTE_MS;
  expect(await swept(scene)).toEqual([event?.id]);
});

test("the sweeper publishes more than one statement finds", async () => {
  const scene = await webhookScene(db);
  const id = await scene.hook(URL);
  await db.sql(
    `INSERT INTO webhook_deliveries (webhook_id, event_id, organization_id, type, due_at)
     SELECT $1, 'evt_' || lpad(n::text, 26, '0'), $2::uuid, 'charger.connected', now() - interval '1 minute' FROM generate_series(1, 1200) n`,
    [id, scene.organization.id],
  );
  expect(new Set(await swept(scene)).size).toBe(1200);
});

test("deliveries of a webhook that is deleted or switched off are failed by the sweeper, and not published", async () => {
  const scene = await webhookScene(db);
  const [off, gone] = [await scene.hook(URL), await scene.hook(URL)];
  await scene.connected();
  await db.stores.webhooks.change(scene.organization.id, off, { active: false }, scene.now());
  await db.stores.webhooks.remove(scene.organization.id, gone);
  scene.clock.ms += 2 * MINUTE_MS;
  expect(await swept(scene)).toEqual([]);
  const left = await db.sql(
    "SELECT webhook_id, status FROM webhook_deliveries WHERE webhook_id = ANY($1::text[])",
    [`{${off},${gone}}`],
  );
  expect(left.map(({ status }) => status)).toEqual(["failed", "failed"]);
});

const nothing = () => undefined;

/** Carries a replay through and returns what it published. */
async function replayed(
  scene: Awaited<ReturnType<typeof webhookScene>>,
  id: string,
  after: Parameters<typeof startReplay>[2],
) {
  const cause = { organizationId: scene.organization.id, webhookId: id };
  const before = scene.engine.published.length;
  await startReplay(scene.ports, cause, after, nothing);
  await replayPart(scene.ports, cause);
  return scene.engine.published.slice(before);
}

async function delivered(scene: Awaited<ReturnType<typeof webhookScene>>, id: string, events: StoredEvent[]) {
  for (const event of events)
    await db.stores.deliveries.settle(scene.key(id, event.id), {
      attempts: 1,
      status: "delivered",
      responseStatus: 200,
      isGone: false,
      at: scene.now(),
    });
}

async function history(
  scene: Awaited<ReturnType<typeof webhookScene>>,
  count: number,
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (let n = 0; n < count; n += 1) {
    scene.clock.ms += 1;
    events.push(...(await scene.connected()));
  }
  return events;
}

test("a replay brings back exactly the wanted events behind an event, delivered before or not", async () => {
  const scene = await webhookScene(db);
  const before = await history(scene, 2);
  const id = await scene.hook(URL);
  const events = await history(scene, 6);
  await delivered(scene, id, events.slice(0, 4));
  const after = { id: events[1]?.id ?? "" };
  const published = await replayed(scene, id, after);
  // The last two wait already, and are not published a second time.
  expect(published.map(({ eventId, replays }) => [eventId, replays])).toEqual(
    events.slice(2, 4).map((event) => [event.id, 1]),
  );
  expect((await scene.deliveries(id)).map(({ eventId, status }) => [eventId, status])).toEqual(
    events.map(({ id: eventId }, n) => [eventId, n < 2 ? "delivered" : "pending"]).toReversed(),
  );
  expect(await replayed(scene, id, { id: before[0]?.id ?? "" })).toMatchObject([
    { eventId: before[1]?.id, replays: 0 },
    { eventId: events[0]?.id, replays: 1 },
    { eventId: events[1]?.id, replays: 1 },
  ]);
});

test("a replay from a time on brings back what was stored then, and of a new subscription what it wants", async () => {
  const scene = await webhookScene(db);
  await history(scene, 3);
  const id = await scene.hook(URL, { events: ["charger.disconnected"] });
  expect(await replayed(scene, id, { storedFrom: new Date(0) })).toEqual([]);
  await db.stores.webhooks.change(scene.organization.id, id, { events: ["charger.connected"] }, scene.now());
  expect(await replayed(scene, id, { storedFrom: new Date(Date.now() + MINUTE_MS) })).toEqual([]);
  expect(await replayed(scene, id, { storedFrom: new Date(0) })).toHaveLength(3);
});

test("a replay of more than one slice is complete and in order, and what is stored meanwhile is not part of it", async () => {
  const scene = await webhookScene(db);
  const id = await scene.hook(URL);
  await db.sql(
    `INSERT INTO events (organization_id, id, type, charge_box_id, at, data)
     SELECT $1::uuid, 'evt_' || lpad(n::text, 26, '0'), 'charger.connected', 'CP', now(), '{}'::json FROM generate_series(1, 1750) n`,
    [scene.organization.id],
  );
  const cause = { organizationId: scene.organization.id, webhookId: id };
  await startReplay(scene.ports, cause, { storedFrom: new Date(0) }, nothing);
  const late = await scene.connected();
  await replayPart(scene.ports, cause);
  const ids = scene.engine.published.map(({ eventId }) => eventId);
  expect(ids).toEqual(Array.from({ length: 1750 }, (_, n) => `evt_${String(n + 1).padStart(26, "0")}`));
  expect(ids).not.toContain(late[0]?.id);
  // The request has published the first message; nothing was left for another one.
  expect(scene.engine.replays).toBe(1);
});

test("a replay whose message is lost is published again by the sweeper, and goes on where it was", async () => {
  const scene = await webhookScene(db);
  const id = await scene.hook(URL);
  const events = await history(scene, 3);
  await delivered(scene, id, events);
  scene.engine.isDown = true;
  const cause = { organizationId: scene.organization.id, webhookId: id };
  await startReplay(scene.ports, cause, { storedFrom: new Date(0) }, nothing);
  const mine = async () =>
    (await db.stores.deliveries.stuckReplays(scene.now())).filter(({ webhookId }) => webhookId === id);
  expect(await mine()).toEqual([]);
  scene.clock.ms += 3 * MINUTE_MS;
  expect(await mine()).toEqual([cause]);
  expect(await mine()).toEqual([]);
  // The engine takes the message and loses what the part publishes: those are due for the sweeper.
  await replayPart(scene.ports, cause);
  scene.engine.isDown = false;
  scene.clock.ms += 2 * MINUTE_MS;
  expect((await swept(scene)).toSorted()).toEqual(events.map((event) => event.id).toSorted());
  expect(await mine()).toEqual([]);
});

test("a replay is refused for an unknown webhook, an event that is not kept, one that is switched off, and while one goes on", async () => {
  const scene = await webhookScene(db);
  const id = await scene.hook(URL);
  const cause = { organizationId: scene.organization.id, webhookId: id };
  const from = { storedFrom: new Date(0) };
  const unknown = { ...cause, webhookId: "wh_00000000000000000000000000" };
  await expect(startReplay(scene.ports, unknown, from, nothing)).rejects.toThrow("Webhook not found");
  const event = { id: "evt_00000000000000000000000000" };
  await expect(startReplay(scene.ports, cause, event, nothing)).rejects.toThrow("unknown or too old");
  await startReplay(scene.ports, cause, from, nothing);
  await expect(startReplay(scene.ports, cause, from, nothing)).rejects.toThrow(
    "has a replay that is not finished",
  );
  await replayPart(scene.ports, cause);
  await db.stores.webhooks.change(scene.organization.id, id, { active: false }, scene.now());
  await expect(startReplay(scene.ports, cause, from, nothing)).rejects.toThrow("is not active");
});

test("secrets are sealed in the database, and opened for their own webhook only", async () => {
  const scene = await webhookScene(db);
  const secret = "a secret that nobody reads in a dump";
  const [id, other] = [await scene.hook(URL, { secret }), await scene.hook(URL)];
  const stored = JSON.stringify(
    await db.sql("SELECT * FROM webhooks WHERE organization_id = $1::uuid", [scene.organization.id]),
  );
  expect(stored).not.toContain(secret);
  expect(await db.stores.webhooks.target(scene.organization.id, id, scene.now())).toEqual({
    url: URL,
    secrets: [secret],
  });
  await db.sql("UPDATE webhooks SET secret = (SELECT secret FROM webhooks WHERE id = $1) WHERE id = $2", [
    id,
    other,
  ]);
  await expect(db.stores.webhooks.target(scene.organization.id, other, scene.now())).rejects.toThrow();
});

test("an organisation has at most twenty webhooks, however many requests come at once", async () => {
  const scene = await webhookScene(db);
  for (let n = 0; n < 15; n += 1) await scene.hook(URL);
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => scene.hook(URL)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
  expect(await db.stores.webhooks.list(scene.organization.id)).toHaveLength(20);
  await expect(scene.hook(URL)).rejects.toThrow(
    "Webhook limit reached. Your organisation allows 20 webhook(s).",
  );
});
