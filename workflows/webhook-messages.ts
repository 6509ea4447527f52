import type { Handler } from "hono";
import { z } from "zod";
import type { Config } from "../src/env.ts";
import type { Ports } from "../src/ports.ts";
import { attemptDelivery, type AttemptResult } from "../src/webhooks/attempt-delivery.ts";
import { replayPart } from "../src/webhooks/replay-webhook.ts";
import { sanitized } from "./step-failure.ts";

const deliverySchema = z.object({
  organizationId: z.uuid(),
  webhookId: z.string(),
  eventId: z.string(),
});
const replaySchema = z.object({ organizationId: z.uuid(), webhookId: z.string() });

/** The engine does not retry a message that is answered so, and keeps it as a dead letter. */
const GIVEN_UP = { status: 489, headers: { "Upstash-NonRetryable-Error": "true" } };

/** Takes the message of a delivery: makes one attempt and tells the engine whether to come again. */
export function webhookDelivery(ports: Ports, config: Config): Handler {
  const rules = { allowPrivateTargets: config.ALLOW_PRIVATE_TARGETS, retries: config.WEBHOOK_RETRIES };
  return async (c) => {
    const delivery = deliverySchema.safeParse(await c.req.json().catch(() => null));
    if (!delivery.success) return new Response("not a delivery", GIVEN_UP);
    try {
      return answerOf(await sanitized(() => attemptDelivery(ports, delivery.data, rules)));
    } catch (error) {
      return failed(error);
    }
  };
}

/** Takes the message of a replay and carries out a part of it. */
export function webhookReplay(ports: Ports): Handler {
  return async (c) => {
    const cause = replaySchema.safeParse(await c.req.json().catch(() => null));
    if (!cause.success) return new Response("not a replay", GIVEN_UP);
    try {
      await sanitized(() => replayPart(ports, cause.data));
      return new Response("over");
    } catch (error) {
      return failed(error);
    }
  };
}

function answerOf(result: AttemptResult): Response {
  if (result.kind === "over") return new Response("over");
  if (result.kind === "failed") return new Response("failed", GIVEN_UP);
  const { afterSeconds } = result;
  const headers: Record<string, string> =
    afterSeconds === null ? {} : { "Retry-After": String(afterSeconds) };
  return new Response("not delivered", { status: 502, headers });
}

/** The words of `sanitized` are all that may reach the engine's logs. */
function failed(error: unknown): Response {
  return new Response(error instanceof Error ? error.message : "UNEXPECTED", { status: 503 });
}
