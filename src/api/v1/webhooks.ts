import { z } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { ulidOf } from "../../fleet/ids.ts";
import { EVENT_TYPES, type Webhook, type WebhookChanges } from "../../ports.ts";
import { startReplay } from "../../webhooks/replay-webhook.ts";
import { newSecret, secretProblem } from "../../webhooks/sign-delivery.ts";
import { tellSubscriptions } from "../../webhooks/tell-subscriptions.ts";
import { TEST_EVENT, testWebhook } from "../../webhooks/test-webhook.ts";
import { webhookUrlProblem, type WebhookUrlRules } from "../../webhooks/webhook-url.ts";
import { recordJson, sendRecorded } from "../http/accepted.ts";
import { changeOf, type AppEnv } from "../http/context.ts";
import { InvalidRequest } from "../operation/receive.ts";
import { eventCursor } from "./events.ts";
import { noBody, queryInteger, text, timestamp } from "./fields.ts";
import type { Issue } from "./issues.ts";
import { defineOperation } from "./surface.ts";
import type { Context } from "hono";

const TAG = "Webhooks";
const OLD_SECRET_MS = 24 * 60 * 60 * 1000;
const VENDORS_MAX = 100;
const WEBHOOK_ID = /^wh_[0-9A-HJKMNP-TV-Z]{26}$/;

const params = z.object({ webhookId: z.string() });

const url = z.string().openapi({
  example: "https://hooks.example.com/busbar",
  description: "https, a public host, no user information, no fragment",
});
const events = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .openapi({ example: ["charger.connected", "charger.disconnected"] });
const secret = z
  .string()
  .superRefine((value, context) => {
    const message = secretProblem(value);
    if (message !== null) context.addIssue({ code: "custom", message, params: { code: "invalid_value" } });
  })
  .openapi({
    minLength: 16,
    maxLength: 256,
    example: "a secret of sixteen characters or more",
    description: "`whsec_` and the key in base64, or any other text, which is the key in UTF-8",
  });
const vendorIds = z
  .array(text(1, 255))
  .min(1)
  .max(VENDORS_MAX)
  .nullable()
  .openapi({ description: "Vendors whose `data_transfer.received` is wanted; null or absent: all" });

const newBody = z
  .strictObject({
    url,
    events,
    secret: secret.optional().openapi({ description: "Absent: one is generated and shown once" }),
    vendorIds: vendorIds.optional(),
  })
  .openapi({
    example: {
      url: "https://hooks.example.com/busbar",
      events: ["charger.connected", "charger.disconnected"],
    },
  });

const changesBody = z.strictObject({
  url: url.optional(),
  events: events.optional(),
  active: z.boolean().optional().openapi({ description: "true also forgets earlier failures" }),
  secret: secret.optional().openapi({ description: "The one before it signs too for 24 hours" }),
  vendorIds: vendorIds.optional(),
});

const fields = {
  id: z.string().openapi({ example: "wh_01JKB2M3N4P5Q6R7S8T9V0W1X2" }),
  url,
  events: z.array(z.string()),
  active: z.boolean(),
  createdAt: timestamp,
  vendorIds: z.array(z.string()).optional(),
  disabledReason: z.enum(["gone", "failing"]).optional().openapi({
    description:
      "Why it was switched off: the receiver answered 410; no delivery succeeded for three days, in at least 20 attempts",
  }),
};
const webhookSchema = z.object(fields).openapi("Webhook");

function shown(webhook: Webhook): z.infer<typeof webhookSchema> {
  const { id, url: to, events: wanted, active, createdAt, vendorIds: vendors, disabledReason } = webhook;
  return {
    id,
    url: to,
    events: wanted,
    active,
    createdAt: createdAt.toISOString(),
    ...(vendors === null ? {} : { vendorIds: vendors }),
    ...(disabledReason === null ? {} : { disabledReason }),
  };
}

const rulesOf = (c: Context<AppEnv>): WebhookUrlRules => ({
  allowPrivateTargets: c.get("config").ALLOW_PRIVATE_TARGETS,
});

/** @throws InvalidRequest */
function checkUrl(to: string, rules: WebhookUrlRules): void {
  const problem = webhookUrlProblem(to, rules);
  if (problem === null) return;
  const message = `url ${problem}`;
  throw new InvalidRequest<Issue>([{ location: "body", path: ["url"], code: "not_allowed", message }]);
}

/** @throws NotFound: any other spelling than ours names no webhook. */
function webhookIdOf(webhookId: string): string {
  if (!WEBHOOK_ID.test(webhookId)) throw new NotFound("Webhook", webhookId);
  return webhookId;
}

export const createWebhook = defineOperation({
  method: "post",
  path: "/webhooks",
  operationId: "createWebhook",
  summary: "Create a webhook",
  description:
    "Events from now on are posted to it, signed as Standard Webhooks defines it; at most 20 webhooks. See docs/events.md.",
  tag: TAG,
  role: "owner",
  body: { schema: newBody },
  isIdempotent: true,
  success: {
    status: 201,
    description: "The webhook; `secret` if it was generated, this once",
    schema: z.object({ ...fields, secret: z.string().optional() }),
  },
  refusals: [409, 422],
  handle: async ({ c, ports, organization, body, claim }) => {
    checkUrl(body.url, rulesOf(c));
    const now = ports.clock.now();
    const id = `wh_${ulidOf(ports.ids.uuid())}`;
    const made = { id, url: body.url, events: [...new Set(body.events)], vendorIds: body.vendorIds ?? null };
    const answer = shown({ ...made, active: true, disabledReason: null, createdAt: now });
    const record = recordJson(201, answer, {});
    const generated = body.secret === undefined ? newSecret() : null;
    const webhook = { ...made, secret: generated ?? body.secret ?? "" };
    const stored = await ports.webhooks.create(organization.id, webhook, claim, record, now);
    if (stored.kind === "replayed") return sendRecorded(stored.response, true);
    await tellSubscriptions(ports, changeOf(c));
    return generated === null ? answer : { ...answer, secret: generated };
  },
});

export const listWebhooks = defineOperation({
  method: "get",
  path: "/webhooks",
  operationId: "listWebhooks",
  summary: "List webhooks, oldest first",
  tag: TAG,
  role: "viewer",
  success: {
    status: 200,
    description: "All webhooks, without their secrets",
    schema: z.object({ webhooks: z.array(webhookSchema) }),
  },
  handle: async ({ ports, organization }) => ({
    webhooks: (await ports.webhooks.list(organization.id)).map(shown),
  }),
});

export const changeWebhook = defineOperation({
  method: "patch",
  path: "/webhooks/{webhookId}",
  operationId: "changeWebhook",
  summary: "Change a webhook",
  description:
    "What is left out stays. Deliveries that wait go to the new address, signed with the new secret.",
  tag: TAG,
  role: "owner",
  params,
  body: { schema: changesBody },
  success: { status: 200, description: "The webhook", schema: webhookSchema },
  refusals: [404],
  handle: async ({ c, ports, organization, path, body }) => {
    if (body.url !== undefined) checkUrl(body.url, rulesOf(c));
    const id = webhookIdOf(path.webhookId);
    const now = ports.clock.now();
    const { secret: value, events: wanted, ...same } = body;
    const changes: WebhookChanges = { ...same };
    if (wanted !== undefined) changes.events = [...new Set(wanted)];
    if (value !== undefined)
      changes.secret = { value, previousUntil: new Date(now.getTime() + OLD_SECRET_MS) };
    const changed = await ports.webhooks.change(organization.id, id, changes, now);
    if (!changed) throw new NotFound("Webhook", id);
    await tellSubscriptions(ports, changeOf(c));
    return shown(changed);
  },
});

export const deleteWebhook = defineOperation({
  method: "delete",
  path: "/webhooks/{webhookId}",
  operationId: "deleteWebhook",
  summary: "Delete a webhook; what waits for it is not delivered",
  tag: TAG,
  role: "owner",
  params,
  body: { schema: noBody },
  success: {
    status: 200,
    description: "Deleted",
    schema: z.object({ message: z.string(), id: z.string() }),
  },
  refusals: [404],
  handle: async ({ c, ports, organization, path }) => {
    const id = webhookIdOf(path.webhookId);
    if (!(await ports.webhooks.remove(organization.id, id))) throw new NotFound("Webhook", id);
    await tellSubscriptions(ports, changeOf(c));
    return { message: "Webhook deleted successfully", id };
  },
});

const delivery = z.object({
  id: z.string().openapi({ example: "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2", description: "Id of the event" }),
  event: z.string(),
  status: z.enum(["pending", "delivered", "failed"]),
  attempts: z.int(),
  responseStatus: z.int().nullable().openapi({ description: "Of the last attempt; null: no answer in time" }),
  lastAttemptAt: timestamp.nullable(),
});

export const listDeliveries = defineOperation({
  method: "get",
  path: "/webhooks/{webhookId}/deliveries",
  operationId: "listWebhookDeliveries",
  summary: "List what became of events at a webhook, newest event first",
  tag: TAG,
  role: "viewer",
  params,
  query: z.object({ limit: queryInteger({ min: 1, max: 200, fallback: 50 }) }),
  success: {
    status: 200,
    description: "The newest deliveries",
    schema: z.object({ deliveries: z.array(delivery) }),
  },
  refusals: [404],
  handle: async ({ ports, organization, path, query: { limit } }) => {
    const id = webhookIdOf(path.webhookId);
    const rows = await ports.webhooks.deliveries(organization.id, id, limit);
    if (!rows) throw new NotFound("Webhook", id);
    return {
      deliveries: rows.map(({ eventId, type, status, attempts, responseStatus, lastAttemptAt }) => ({
        id: eventId,
        event: type,
        status,
        attempts,
        responseStatus,
        lastAttemptAt: lastAttemptAt?.toISOString() ?? null,
      })),
    };
  },
});

export const testDelivery = defineOperation({
  method: "post",
  path: "/webhooks/{webhookId}/test",
  operationId: "testWebhook",
  summary: "Send one test event to a webhook, active or not",
  description: `Signed as every delivery, with the event \`${TEST_EVENT}\`. It is not repeated and not listed.`,
  tag: TAG,
  role: "owner",
  params,
  body: { schema: noBody },
  success: {
    status: 200,
    description: "What the receiver answered",
    schema: z.object({
      message: z.string(),
      id: z.string(),
      eventId: z.string(),
      delivered: z.boolean(),
      responseStatus: z.int().nullable().openapi({ description: "null: no answer in time" }),
    }),
  },
  refusals: [404],
  handle: async ({ c, ports, organization, path }) => {
    const id = webhookIdOf(path.webhookId);
    const result = await testWebhook(ports, organization.id, id, rulesOf(c));
    const { eventId, isDelivered: delivered, responseStatus } = result;
    const message = delivered ? "Test event delivered" : "Test event not delivered";
    return { message, id, eventId, delivered, responseStatus };
  },
});

export const replayWebhook = defineOperation({
  method: "post",
  path: "/webhooks/{webhookId}/replay",
  operationId: "replayWebhook",
  summary: "Deliver again what happened after an event or from a time on",
  description:
    "Events that the webhook subscribes to and that are still kept, delivered before or not. What waits already is not sent twice.",
  tag: TAG,
  role: "owner",
  params,
  body: { schema: z.strictObject({ after: eventCursor }) },
  success: {
    status: 202,
    description: "The replay is stored and goes on by itself",
    schema: z.object({ message: z.string(), id: z.string() }),
  },
  refusals: [404, 409, 410],
  handle: async ({ c, ports, organization, path, body }) => {
    const webhookId = webhookIdOf(path.webhookId);
    const cause = { organizationId: organization.id, webhookId };
    await startReplay(ports, cause, body.after, changeOf(c).background);
    return { message: "Replay started", id: webhookId };
  },
});
