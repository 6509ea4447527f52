import { Client } from "@upstash/qstash";
import { Unavailable } from "../src/errors.ts";
import type { Config } from "../src/env.ts";
import type { DeliveryKey, DueDelivery, MessagePublisher } from "../src/ports.ts";
import { within } from "../src/within.ts";
import { DELIVERY_PATH, REPLAY_PATH } from "./paths.ts";

const PUBLISH_TIMEOUT_MS = 10_000;
/** Longer than the endpoint takes, with the database at its slowest. */
const ANSWER_WITHIN_SECONDS = 40;
/** Deliveries of one webhook at once, so that a receiver that does not answer holds few of the engine's places. */
const DELIVERIES_AT_ONCE = 10;
const REPLAY_RETRIES = 3;
const REPLAY_RETRY_DELAY = "2000 * pow(5, retried)";

type Needs = Pick<
  Config,
  "QSTASH_URL" | "QSTASH_TOKEN" | "PUBLIC_BASE_URL" | "WEBHOOK_RETRIES" | "WEBHOOK_RETRY_DELAY"
>;

/** Publishes plain messages, which carry ids only: what is sent to a receiver is read from Postgres at each attempt. */
export function messagePublisher(config: Needs): MessagePublisher {
  const client = new Client({
    baseUrl: config.QSTASH_URL ?? "",
    token: config.QSTASH_TOKEN ?? "",
    retry: { retries: 1, backoff: () => 100 },
    enableTelemetry: false,
  });
  return {
    async deliver(deliveries) {
      if (deliveries.length === 0) return [];
      const messages = deliveries.map((delivery) => deliveryMessage(config, delivery));
      const answers: Array<{ messageId?: string }> = await inTime(client.batchJSON(messages));
      return deliveries.filter((_delivery, at) => answers[at]?.messageId !== undefined).map(keyOf);
    },

    async replayWebhook(cause, delaySeconds) {
      await inTime(
        client.publishJSON({
          url: config.PUBLIC_BASE_URL + REPLAY_PATH,
          body: cause,
          retries: REPLAY_RETRIES,
          retryDelay: REPLAY_RETRY_DELAY,
          ...(delaySeconds > 0 ? { delay: delaySeconds } : {}),
          flowControl: { key: `replay-${cause.webhookId}`, parallelism: 1 },
        }),
      );
    },
  };
}

function deliveryMessage(config: Needs, { replays, ...key }: DueDelivery) {
  const { eventId, webhookId } = key;
  return {
    url: config.PUBLIC_BASE_URL + DELIVERY_PATH,
    body: key,
    retries: config.WEBHOOK_RETRIES,
    retryDelay: config.WEBHOOK_RETRY_DELAY,
    timeout: ANSWER_WITHIN_SECONDS,
    deduplicationId: `${eventId}-${webhookId}${replays > 0 ? `-r${replays}` : ""}`,
    flowControl: { key: `hook-${webhookId}`, parallelism: DELIVERIES_AT_ONCE },
  };
}

function keyOf({ organizationId, webhookId, eventId }: DueDelivery): DeliveryKey {
  return { organizationId, webhookId, eventId };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  try {
    return await within(PUBLISH_TIMEOUT_MS, work, () => new Error("deadline"));
  } catch (error) {
    throw new Unavailable("The workflow service did not take the message", { cause: error });
  }
}
