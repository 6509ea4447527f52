import { NotFound } from "../errors.ts";
import { eventBody } from "../events/event-body.ts";
import { ulidOf } from "../fleet/ids.ts";
import type { Ports, ReceiverAnswer } from "../ports.ts";
import { DELIVERY_HEADERS } from "./attempt-delivery.ts";
import { signatureHeaders } from "./sign-delivery.ts";
import { webhookUrlProblem, type WebhookUrlRules } from "./webhook-url.ts";

/** Name of the event that a test sends. No other event has it, and it is not stored. */
export const TEST_EVENT = "webhook.test";

export interface TestResult {
  eventId: string;
  isDelivered: boolean;
  /** Null: no answer in time. */
  responseStatus: number | null;
}

/** Sends a signed event to a webhook, active or not, once. @throws NotFound, Unavailable */
export async function testWebhook(
  { webhooks, webhookPost, ids, clock }: Pick<Ports, "webhooks" | "webhookPost" | "ids" | "clock">,
  organizationId: string,
  webhookId: string,
  rules: WebhookUrlRules,
): Promise<TestResult> {
  const at = clock.now();
  const target = await webhooks.target(organizationId, webhookId, at);
  if (!target) throw new NotFound("Webhook", webhookId);
  const eventId = `evt_${ulidOf(ids.uuid())}`;
  const body = JSON.stringify(eventBody({ type: TEST_EVENT, at, data: { webhookId } }));
  const headers = { ...DELIVERY_HEADERS, ...signatureHeaders(eventId, at, body, target.secrets) };
  const isAllowed = webhookUrlProblem(target.url, rules) === null;
  const none: ReceiverAnswer = { status: null, retryAfter: null };
  const { status } = isAllowed ? await webhookPost(target.url, headers, body) : none;
  return { eventId, isDelivered: status !== null && status >= 200 && status < 300, responseStatus: status };
}
