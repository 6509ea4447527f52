import type { DueDelivery, Ports, StoredEvent } from "../ports.ts";

interface Needs {
  messages: Pick<Ports["messages"], "deliver">;
  deliveries: Pick<Ports["deliveries"], "published">;
  clock: Ports["clock"];
}

/** Messages of one batch. */
const BATCH_MAX = 100;

/**
 * Publishes deliveries and marks those that the engine has taken. @throws Unavailable: the others are not published; the sweeper
 * publishes them.
 */
export async function publishDeliveries(
  { messages, deliveries, clock }: Needs,
  due: readonly DueDelivery[],
): Promise<void> {
  for (let start = 0; start < due.length; start += BATCH_MAX) {
    const taken = await messages.deliver(due.slice(start, start + BATCH_MAX));
    if (taken.length > 0) await deliveries.published(taken, clock.now());
  }
}

/** The deliveries that were stored with events. */
export function deliveriesOf(events: readonly StoredEvent[]): DueDelivery[] {
  return events.flatMap(({ organizationId, id, webhookIds }) =>
    webhookIds.map((webhookId) => ({ organizationId, webhookId, eventId: id, replays: 0 })),
  );
}
