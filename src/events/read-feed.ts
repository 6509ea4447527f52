import { CursorExpired } from "../errors.ts";
import { EVENTS_KEPT_DAYS, type EventPage, type EventQuery, type Ports } from "../ports.ts";

const KEPT_MS = EVENTS_KEPT_DAYS * 24 * 60 * 60 * 1000;

/** The events behind a cursor, oldest first. @throws CursorExpired: some of what follows the cursor is not kept any more */
export async function readFeed(
  { events, clock }: Pick<Ports, "events" | "clock">,
  organizationId: string,
  query: EventQuery,
): Promise<EventPage> {
  const { after } = query;
  const isTooOld =
    after !== null && "storedFrom" in after && after.storedFrom.getTime() < clock.now().getTime() - KEPT_MS;
  const page = isTooOld ? null : await events.page(organizationId, query);
  if (page === null) throw new CursorExpired(await events.oldest(organizationId));
  return page;
}
