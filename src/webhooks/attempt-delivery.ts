import { eventBody } from "../events/event-body.ts";
import type { DeliveryKey, Ports, ReceiverAnswer, StoredEvent } from "../ports.ts";
import { deliveriesOf, publishDeliveries } from "./publish-deliveries.ts";
import { signatureHeaders } from "./sign-delivery.ts";
import { webhookUrlProblem, type WebhookUrlRules } from "./webhook-url.ts";

const DAY_SECONDS = 86_400;
const GONE = 410;

/** Rules of deliveries. */
export interface DeliveryRules extends WebhookUrlRules {
  /** Attempts after the first one. */
  retries: number;
}

/**
 * What the engine is answered. "over": nothing is left to do. "retry": it delivers the message again; `afterSeconds`: when the
 * receiver wants it. "failed": it gives the message up.
 */
export type AttemptResult =
  | { kind: "over" }
  | { kind: "retry"; afterSeconds: number | null }
  | { kind: "failed" };

type Needs = Pick<Ports, "deliveries" | "webhookPost" | "messages" | "tagRegistries" | "clock">;

/** Headers that every delivery has beside its signature. */
export const DELIVERY_HEADERS = { "content-type": "application/json", "user-agent": "Busbar-Webhooks/1" };

/** Makes one attempt of a delivery and records it. */
export async function attemptDelivery(
  ports: Needs,
  delivery: DeliveryKey,
  rules: DeliveryRules,
): Promise<AttemptResult> {
  const { deliveries, clock } = ports;
  const open = await deliveries.open(delivery, clock.now());
  if (open === "over") return { kind: "over" };
  const { event, url, secrets } = open;
  const body = JSON.stringify(eventBody(event));
  const headers = { ...DELIVERY_HEADERS, ...signatureHeaders(event.id, clock.now(), body, secrets) };
  const isAllowed = webhookUrlProblem(url, rules) === null;
  const answer: ReceiverAnswer = isAllowed
    ? await ports.webhookPost(url, headers, body)
    : { status: null, retryAfter: null };
  const { status } = answer;
  const isDelivered = status !== null && status >= 200 && status < 300;
  const attempts = open.attempts + 1;
  const isFailed = !isDelivered && (status === GONE || attempts > rules.retries);
  const told = await deliveries.settle(delivery, {
    attempts,
    status: isDelivered ? "delivered" : isFailed ? "failed" : "pending",
    responseStatus: status,
    isGone: status === GONE,
    at: clock.now(),
  });
  await tell(ports, told);
  if (isDelivered) return { kind: "over" };
  return isFailed
    ? { kind: "failed" }
    : { kind: "retry", afterSeconds: wishedSeconds(answer.retryAfter, clock.now()) };
}

/**
 * Publishes the deliveries of an event that an attempt caused, and lets the registry read again what is subscribed. The sweeper
 * publishes what is not published here.
 */
async function tell(ports: Needs, told: readonly StoredEvent[]): Promise<void> {
  if (told.length === 0) return;
  // The only event that an attempt causes is that its webhook is switched off.
  const organizations = new Set(told.map(({ organizationId }) => organizationId));
  await Promise.allSettled([
    publishDeliveries(ports, deliveriesOf(told)),
    ...[...organizations].map((id) => ports.tagRegistries.reloadVendors(id)),
  ]);
}

/** Seconds of a Retry-After header, at most a day; null: none that can be read. */
export function wishedSeconds(retryAfter: string | null, now: Date): number | null {
  if (retryAfter === null) return null;
  const text = retryAfter.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now.getTime()) / 1000;
  if (!/^\d+$/.test(text) && !/^[A-Z][a-z]{2}, /.test(text)) return null;
  return Number.isNaN(seconds) ? null : Math.ceil(Math.min(Math.max(seconds, 0), DAY_SECONDS));
}
