import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { engineHooks } from "../harness/engine-hooks.ts";
import { call } from "../harness/fleet.ts";
import { chargingWords } from "../harness/ocpp-station/charging-words.ts";
import { ForeignStation } from "../harness/ocpp-station/foreign-station.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";
import { createWebhook, deliveriesOf, feedOf } from "../harness/webhook-client.ts";
import { answering, startReceiver, type WebhookReceiver } from "../harness/webhook-receiver.ts";

const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/** What an uncorrupted charging session and its line tell. */
const EVENTS = [
  "charger.connected",
  "charger.boot",
  "connector.status_changed",
  "transaction.started",
  "transaction.updated",
  "transaction.stopped",
  "charger.disconnected",
];

/** Webhooks of the present test. */
const hooks: string[] = [];

let stack: RunningStack;
let receiver: WebhookReceiver;
beforeAll(async () => {
  stack = await startStack({ env: { BUSBAR_ENGINE_HOOKS: "1" } });
});
afterAll(() => stack.stop());
beforeEach(async () => {
  receiver = await startReceiver(SECRET);
});
afterEach(async () => {
  for (const id of hooks.splice(0)) await call(stack, "DELETE", `/api/v1/webhooks/${id}`);
  await receiver.close();
});

async function hook(events: string[], more: { url?: string; vendorIds?: string[] } = {}): Promise<string> {
  const id = await createWebhook(stack, { url: receiver.url, events, secret: SECRET, ...more });
  hooks.push(id);
  return id;
}

/** One visit of a station: it boots, charges a car, and leaves. */
async function visit(identity: string): Promise<void> {
  const station = await ForeignStation.booted(stack, identity, "ocpp1.6");
  const words = chargingWords("ocpp1.6");
  const at = () => new Date().toISOString();
  const status = (value: string) =>
    station.call("StatusNotification", {
      connectorId: 1,
      errorCode: "NoError",
      status: value,
      timestamp: at(),
    });
  await status("Preparing");
  const { transactionId } = z
    .object({ transactionId: z.number() })
    .parse(await station.call(...words.beginByCard()));
  const meterValue = [{ timestamp: at(), sampledValue: [{ value: "5000" }] }];
  await station.call("MeterValues", { connectorId: 1, transactionId, meterValue });
  await station.call(...words.end(transactionId));
  await station.close();
}

/** Events of these types of one charger, once the feed has so many. */
const toldOf = (identity: string, count: number, types = EVENTS) =>
  waitFor(`${count} events of ${identity}`, async () => {
    const told = (await feedOf(stack)).filter(
      ({ event, data }) => data["chargeBoxId"] === identity && types.includes(event),
    );
    return told.length >= count && told;
  });

test("a charging session reaches a foreign receiver, each event as the feed has it, verified by the published library", async () => {
  const id = await hook(EVENTS);
  await visit("HOOKED-1");
  const told = await toldOf("HOOKED-1", 7);
  await waitFor("all events at the receiver", () => told.every((event) => receiver.ids().includes(event.id)));
  const verified = new Map(
    receiver.received.map(({ headers, verified: body }) => [headers["webhook-id"], body]),
  );
  for (const { id: eventId, ...body } of told) expect(verified.get(eventId)).toEqual(body);
  expect(new Set(told.map(({ event }) => event))).toEqual(new Set(EVENTS));
  await waitFor("all deliveries to be recorded", async () =>
    (await deliveriesOf(stack, id)).every(({ status, attempts }) => status === "delivered" && attempts === 1),
  );
});

test("a receiver that is down for an hour loses no event, and a replay brings back exactly what is asked", async () => {
  const engine = engineHooks(stack);
  const id = await hook(EVENTS);
  receiver.behaviour = answering(503);
  await Promise.all(["DOWN-1", "DOWN-2", "DOWN-3"].map(visit));
  const told = (
    await Promise.all(["DOWN-1", "DOWN-2", "DOWN-3"].map((identity) => toldOf(identity, 7)))
  ).flat();
  const ids = new Set(told.map((event) => event.id));
  const attempted = (attempts: number) =>
    waitFor(`${attempts} attempts of each`, async () => {
      const rows = await deliveriesOf(stack, id);
      return (
        rows.length === ids.size && rows.every((row) => row.status === "pending" && row.attempts === attempts)
      );
    });
  await attempted(1);
  await engine.forward(1);
  await attempted(2);
  await engine.forward(20);
  await attempted(3);
  await engine.forward(39);
  // An hour is over: the receiver is back, and the engine comes again at its time.
  receiver.behaviour = (response) => void response.end();
  const [before, tries] = [receiver.received.length, receiver.received];
  await engine.forward(361);
  await waitFor("everything delivered", async () =>
    (await deliveriesOf(stack, id)).every(({ status, attempts }) => status === "delivered" && attempts === 4),
  );
  expect(before).toBe(3 * ids.size);
  expect(new Set(receiver.ids().slice(before))).toEqual(ids);
  for (const eventId of ids) {
    const bodies = tries.filter(({ headers }) => headers["webhook-id"] === eventId).map(({ body }) => body);
    expect([bodies.length, new Set(bodies).size]).toEqual([4, 1]);
  }
  expect(receiver.received.filter(({ verified }) => verified instanceof Error)).toEqual([]);

  const feed = (await feedOf(stack)).map((event) => event.id).filter((eventId) => ids.has(eventId));
  const after = feed[9] ?? "";
  receiver.received.length = 0;
  const replay = await call(stack, "POST", `/api/v1/webhooks/${id}/replay`, { after });
  expect([replay.status, replay.body]).toEqual([202, { message: "Replay started", id }]);
  await waitFor("the replayed events", () => receiver.ids().length >= feed.length - 10);
  await waitFor("the replay to be over", async () => {
    const again = await call(stack, "POST", `/api/v1/webhooks/${id}/replay`, { after: feed.at(-1) });
    return again.status === 202;
  });
  await waitFor("an idle engine", async () => {
    const { pending, inFlight } = await engine.stats();
    return pending + inFlight === 0;
  });
  expect(receiver.ids().toSorted()).toEqual(feed.slice(10).toSorted());
});

test("one event to twenty webhooks is one request to the engine, and none where nobody has webhooks", async () => {
  const engine = engineHooks(stack);
  const before = (await engine.stats()).apiCalls["POST /v2/batch"] ?? 0;
  const station = await ForeignStation.booted(stack, "FANNED", "ocpp1.6");
  const status = (value: string) =>
    station.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status: value });
  await status("Preparing");
  await toldOf("FANNED", 3);
  expect((await engine.stats()).apiCalls["POST /v2/batch"] ?? 0).toBe(before);
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => hook(["connector.status_changed"], { url: `${receiver.url}/${n}` })),
  );
  await status("Faulted");
  await waitFor("twenty deliveries", () => receiver.ids().length === 20);
  expect(new Set(receiver.received.map(({ path }) => path)).size).toBe(20);
  expect((await engine.stats()).apiCalls["POST /v2/batch"]).toBe(before + 1);
  await station.close();
});

test("a test event reaches the receiver, and its answer the client", async () => {
  const id = await hook(["charger.connected"]);
  const sent = await call(stack, "POST", `/api/v1/webhooks/${id}/test`, {});
  expect(sent.body).toMatchObject({
    message: "Test event delivered",
    id,
    delivered: true,
    responseStatus: 200,
  });
  expect(receiver.received).toMatchObject([{ verified: { event: "webhook.test", data: { webhookId: id } } }]);
  receiver.behaviour = answering(418);
  const refused = await call(stack, "POST", `/api/v1/webhooks/${id}/test`, {});
  expect(refused.body).toMatchObject({
    message: "Test event not delivered",
    delivered: false,
    responseStatus: 418,
  });
});

test("a vendor message is accepted where a webhook wants those of its vendor, and reaches it", async () => {
  const body = {
    url: receiver.url,
    events: ["data_transfer.received"],
    vendorIds: ["com.example"],
    secret: SECRET,
  };
  const id = await createWebhook(stack, body);
  const station = await ForeignStation.booted(stack, "VENDOR", "ocpp1.6");
  const message = { vendorId: "com.example", messageId: "Report", data: '{"level":3}' };
  expect(await station.call("DataTransfer", message)).toEqual({ status: "Accepted" });
  expect(await station.call("DataTransfer", { vendorId: "org.other" })).toEqual({
    status: "UnknownVendorId",
  });
  await toldOf("VENDOR", 2, ["data_transfer.received"]);
  await waitFor("the delivery", () => receiver.ids().length > 0);
  expect(receiver.received.map(({ verified }) => verified)).toMatchObject([
    { event: "data_transfer.received", data: { chargeBoxId: "VENDOR", ...message } },
  ]);
  expect(await deliveriesOf(stack, id)).toHaveLength(1);
  await station.close();
});
