import { Conflict, CursorExpired, NotFound } from "../errors.ts";
import { publishInTime } from "../fleet/publish.ts";
import type { Background, EventCursor, Ports, ReplayCause } from "../ports.ts";
import { publishDeliveries } from "./publish-deliveries.ts";

/** Slices of one message; the rest gets a message of its own. */
const SLICES_MAX = 20;
/** Pause before the next message: transactions that are open hold up the feed, and have ended in a few seconds. */
const PAUSE_SECONDS = 2;

/**
 * Makes a webhook get again what is kept behind a cursor. It is stored before the answer; messages of the engine carry it out.
 * @throws NotFound, Conflict, CursorExpired, Unavailable
 */
export async function startReplay(
  { webhooks, events, messages, clock }: Pick<Ports, "webhooks" | "events" | "messages" | "clock">,
  cause: ReplayCause,
  after: EventCursor,
  background: Background,
): Promise<void> {
  const { organizationId, webhookId } = cause;
  const started = await webhooks.startReplay(organizationId, webhookId, after, clock.now());
  if (started === null) throw new NotFound("Webhook", webhookId);
  if (started === "unknownEvent") throw new CursorExpired(await events.oldest(organizationId));
  if (started === "inactive") throw new Conflict(`Webhook ${webhookId} is not active`);
  if (started === "running") throw new Conflict(`Webhook ${webhookId} has a replay that is not finished`);
  await publishInTime(
    () => messages.replayWebhook(cause, 0),
    async () => {},
    background,
  );
}

/** Carries out a part of a replay. What cannot be published is published by the sweeper. */
export async function replayPart(
  ports: Pick<Ports, "deliveries" | "messages" | "clock">,
  cause: ReplayCause,
): Promise<void> {
  for (let slice = 0; slice < SLICES_MAX; slice += 1) {
    const { deliveries, isDone } = await ports.deliveries.replaySlice(cause, ports.clock.now());
    if (deliveries.length > 0) await publishDeliveries(ports, deliveries).catch(() => undefined);
    if (isDone) return;
  }
  await ports.messages.replayWebhook(cause, PAUSE_SECONDS);
}
