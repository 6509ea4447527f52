import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { wishedSeconds } from "../../../src/webhooks/attempt-delivery.ts";
import { openDatabase, type Database } from "../../harness/database.ts";
import { waitFor } from "../../harness/wait-for.ts";
import { answering, startReceiver, type WebhookReceiver } from "../../harness/webhook-receiver.ts";
import { SECRET, webhookScene } from "./webhook-scene.ts";

let db: Database;
let receiver: WebhookReceiver;
beforeAll(async () => {
  db = await openDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  receiver = await startReceiver(SECRET);
});
afterEach(() => receiver.close());

const DAY_MS = 24 * 60 * 60 * 1000;

/** A webhook of the receiver with one event that waits for it. */
async function waiting() {
  const scene = await webhookScene(db);
  const id = await scene.hook(receiver.url);
  const [event] = await scene.connected();
  if (!event) throw new Error("no event");
  return { ...scene, id, eventId: event.id, again: () => scene.attempt(id, event.id) };
}

test("a delivery is the event's body, signed, and is recorded", async () => {
  const { id, eventId, identity, again, deliveries, clock } = await waiting();
  expect(await again()).toEqual({ kind: "over" });
  const [delivery] = receiver.received;
  const timestamp = new Date(clock.ms).toISOString();
  const data = { chargeBoxId: identity, ocppVersion: "ocpp1.6" };
  expect(delivery?.verified).toEqual({ event: "charger.connected", timestamp, data });
  expect(delivery?.body).toBe(JSON.stringify({ event: "charger.connected", timestamp, data }));
  expect(delivery?.headers).toMatchObject({ "content-type": "application/json", "webhook-id": eventId });
  expect(await deliveries(id)).toMatchObject([
    { eventId, type: "charger.connected", status: "delivered", attempts: 1, responseStatus: 200 },
  ]);
});

test("a delivered event is not sent again when its message comes again", async () => {
  const { again } = await waiting();
  await again();
  expect(await again()).toEqual({ kind: "over" });
  expect(receiver.received).toHaveLength(1);
});

test("attempts have identical bytes, one id, their own time, and end after the last retry as failed", async () => {
  const { id, again, deliveries, clock } = await waiting();
  receiver.behaviour = answering(500);
  for (const kind of ["retry", "retry", "retry", "failed"]) {
    expect(await again()).toMatchObject({ kind });
    clock.ms += 1000;
  }
  expect(await again()).toEqual({ kind: "over" });
  const { received } = receiver;
  expect(received).toHaveLength(4);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(received.map(({ headers }) => headers["webhook-timestamp"])).size).toBe(4);
  expect(received.filter(({ verified }) => verified instanceof Error)).toEqual([]);
  expect(await deliveries(id)).toMatchObject([{ status: "failed", attempts: 4, responseStatus: 500 }]);
});

test.each([
  ["3600", 3600],
  ["0", 0],
  ["1000000000", 86_400],
  [String(1e30), null],
  ["1e9", null],
  ["-5", null],
  ["soon", null],
  ["Fri, 06 Feb 2026 12:01:30 GMT", 90],
  ["Fri, 06 Feb 2020 12:01:30 GMT", 0],
  ["Fri, 06 Feb 2099 12:01:30 GMT", 86_400],
  [null, null],
])("Retry-After %s is passed on as %s s", (header, seconds) => {
  expect(wishedSeconds(header, new Date("2026-02-06T12:00:00Z"))).toBe(seconds);
});

test("Retry-After of a 429 is passed on, at most one day", async () => {
  const { again } = await waiting();
  receiver.behaviour = answering(429, { "retry-after": "1000000000" });
  expect(await again()).toEqual({ kind: "retry", afterSeconds: 86_400 });
});

test("of an answer of 5 MB only the beginning is read, and its status counts", async () => {
  const { again } = await waiting();
  let written = 0;
  receiver.behaviour = (response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const more = () => {
      while (written < 5 * 1024 * 1024) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    response.writeHead(200);
    more();
  };
  expect(await again()).toEqual({ kind: "over" });
  await waitFor("the connection to be closed", async () => (await receiver.connections()) === 0);
  expect(written).toBeLessThan(5 * 1024 * 1024);
});

test("a receiver that never answers fails the attempt after five seconds", async () => {
  const { id, again, deliveries } = await waiting();
  receiver.behaviour = () => undefined;
  const startMs = Date.now();
  expect(await again()).toEqual({ kind: "retry", afterSeconds: null });
  expect(Date.now() - startMs).toBeGreaterThanOrEqual(4900);
  expect(await deliveries(id)).toMatchObject([{ status: "pending", attempts: 1, responseStatus: null }]);
}, 15_000);

test("a receiver that nobody listens at fails the attempt", async () => {
  const { again } = await waiting();
  await receiver.close();
  expect(await again()).toEqual({ kind: "retry", afterSeconds: null });
  receiver = await startReceiver(SECRET);
});

test("a redirect is a failed attempt, and is not followed", async () => {
  const { id, again, deliveries } = await waiting();
  const inside = await startReceiver(SECRET);
  receiver.behaviour = answering(307, { location: inside.url });
  expect(await again()).toMatchObject({ kind: "retry" });
  expect(inside.received).toEqual([]);
  expect(await deliveries(id)).toMatchObject([{ responseStatus: 307 }]);
  await inside.close();
});

test("a target that the policy forbids is not called, though it was stored", async () => {
  const { id, eventId, attempt, deliveries } = await waiting();
  expect(await attempt(id, eventId, { allowPrivateTargets: false, retries: 3 })).toMatchObject({
    kind: "retry",
  });
  expect(receiver.received).toEqual([]);
  expect(await deliveries(id)).toMatchObject([{ status: "pending", attempts: 1, responseStatus: null }]);
});

test("a secret that is changed between two attempts signs the second one, with the old one for its time", async () => {
  const { id, organization, again, clock, now } = await waiting();
  receiver.behaviour = answering(500);
  await again();
  const value = "another secret of this webhook";
  const previousUntil = new Date(clock.ms + DAY_MS);
  await db.stores.webhooks.change(organization.id, id, { secret: { value, previousUntil } }, now());
  await again();
  clock.ms += DAY_MS + 1;
  await again();
  const signatures = receiver.received.map(({ headers }) => headers["webhook-signature"]?.split(" ").length);
  expect(signatures).toEqual([1, 2, 1]);
  expect(receiver.received.map(({ verified }) => verified instanceof Error)).toEqual([false, false, true]);
});

test("the address that a webhook has at an attempt is the one that is called", async () => {
  const { id, organization, again, now } = await waiting();
  receiver.behaviour = answering(500);
  await again();
  const moved = await startReceiver(SECRET);
  await db.stores.webhooks.change(organization.id, id, { url: moved.url }, now());
  expect(await again()).toEqual({ kind: "over" });
  expect([receiver.received.length, moved.received.length]).toEqual([1, 1]);
  await moved.close();
});

test("messages of a deleted webhook end without a delivery", async () => {
  const { id, organization, again } = await waiting();
  expect(await db.stores.webhooks.remove(organization.id, id)).toBe(true);
  expect(await again()).toEqual({ kind: "over" });
  expect(receiver.received).toEqual([]);
});

test("a webhook that is deleted while its receiver works leaves nothing half-written", async () => {
  const { id, organization, again } = await waiting();
  receiver.behaviour = (response) =>
    void db.stores.webhooks.remove(organization.id, id).then(() => response.writeHead(500).end());
  expect(await again()).toMatchObject({ kind: "retry" });
  expect(await again()).toEqual({ kind: "over" });
  expect(receiver.received).toHaveLength(1);
  expect(await db.stores.webhooks.list(organization.id)).toEqual([]);
});

test("messages of a webhook that is switched off end, and their deliveries have failed", async () => {
  const { id, organization, again, deliveries, now } = await waiting();
  await db.stores.webhooks.change(organization.id, id, { active: false }, now());
  expect(await again()).toEqual({ kind: "over" });
  expect(receiver.received).toEqual([]);
  expect(await deliveries(id)).toMatchObject([{ status: "failed", attempts: 0 }]);
});

test("the message of an event that is not kept any more ends", async () => {
  const { id, eventId, organization, again, deliveries } = await waiting();
  await db.sql("DELETE FROM events WHERE organization_id = $1::uuid AND id = $2", [organization.id, eventId]);
  expect(await again()).toEqual({ kind: "over" });
  expect(receiver.received).toEqual([]);
  expect(await deliveries(id)).toMatchObject([{ status: "failed" }]);
});

test("a message that names another organisation delivers nothing", async () => {
  const { id, eventId, attempt } = await waiting();
  const stranger = await webhookScene(db);
  expect(await stranger.attempt(id, eventId)).toEqual({ kind: "over" });
  expect(receiver.received).toEqual([]);
  expect(await attempt(id, eventId)).toEqual({ kind: "over" });
  expect(receiver.received).toHaveLength(1);
});

test("410 switches a webhook off at once, with the reason, and the others are told", async () => {
  const {
    id,
    eventId,
    organization,
    again,
    webhook,
    hook,
    engine,
    deliveries,
    connected,
    told: told_,
  } = await waiting();
  const watcher = await hook(receiver.url, { events: ["webhook.disabled"] });
  receiver.behaviour = answering(410);
  expect(await again()).toEqual({ kind: "failed" });
  expect(await webhook(id)).toMatchObject({ active: false, disabledReason: "gone" });
  expect(await deliveries(id)).toMatchObject([
    { eventId, status: "failed", attempts: 1, responseStatus: 410 },
  ]);
  const [told] = await deliveries(watcher);
  expect(told).toMatchObject({ type: "webhook.disabled", status: "pending" });
  expect(engine.published).toEqual([
    { organizationId: organization.id, webhookId: watcher, eventId: told?.eventId, replays: 0 },
  ]);
  const page = await db.stores.events.page(organization.id, {
    after: null,
    types: ["webhook.disabled"],
    chargeBoxId: null,
    limit: 10,
  });
  expect(page?.events.map(({ data }) => data)).toEqual([
    { webhookId: id, url: receiver.url, reason: "gone" },
  ]);
  expect((await connected())[0]?.webhookIds).toEqual([]);
  expect(told_).toEqual([organization.id]);
});

/** So many failed attempts of a webhook, each of an event of its own. */
async function fail(scene: Awaited<ReturnType<typeof waiting>>, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    scene.clock.ms += 1;
    const [event] = await scene.connected();
    if (event && event.webhookIds.length > 0) await scene.attempt(scene.id, event.id);
  }
}

test("three days without a success and twenty failures switch a webhook off, neither alone does", async () => {
  const scene = await waiting();
  receiver.behaviour = answering(500);
  await fail(scene, 25);
  expect(await scene.webhook(scene.id)).toMatchObject({ active: true });
  scene.clock.ms += 3 * DAY_MS;
  await fail(scene, 1);
  expect(await scene.webhook(scene.id)).toMatchObject({ active: false, disabledReason: "failing" });
  const few = await waiting();
  await fail(few, 3);
  few.clock.ms += 4 * DAY_MS;
  await fail(few, 16);
  expect(await few.webhook(few.id)).toMatchObject({ active: true });
  await fail(few, 1);
  expect(await few.webhook(few.id)).toMatchObject({ active: false, disabledReason: "failing" });
});

test("a success, and switching it on, make a webhook start anew", async () => {
  const scene = await waiting();
  receiver.behaviour = answering(500);
  await fail(scene, 19);
  scene.clock.ms += 4 * DAY_MS;
  receiver.behaviour = (response) => void response.end();
  await scene.again();
  receiver.behaviour = answering(500);
  await fail(scene, 5);
  expect(await scene.webhook(scene.id)).toMatchObject({ active: true, disabledReason: null });
  receiver.behaviour = answering(410);
  await fail(scene, 1);
  expect(await scene.webhook(scene.id)).toMatchObject({ active: false, disabledReason: "gone" });
  const on = await db.stores.webhooks.change(scene.organization.id, scene.id, { active: true }, scene.now());
  expect(on).toMatchObject({ active: true, disabledReason: null });
  receiver.behaviour = answering(500);
  await fail(scene, 1);
  expect(await scene.webhook(scene.id)).toMatchObject({ active: true });
});

test("of two messages of one delivery at once each attempt is counted once", async () => {
  const { id, again, deliveries } = await waiting();
  receiver.behaviour = answering(500);
  await Promise.all([again(), again()]);
  expect(await deliveries(id)).toMatchObject([{ status: "pending", attempts: 1 }]);
});
