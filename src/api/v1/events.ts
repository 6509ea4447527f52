import { z } from "@hono/zod-openapi";
import { eventBody } from "../../events/event-body.ts";
import { readFeed } from "../../events/read-feed.ts";
import { EVENT_TYPES, EVENTS_KEPT_DAYS, type EventCursor } from "../../ports.ts";
import { chargeBoxId, queryInteger, timestamp } from "./fields.ts";
import { defineOperation } from "./surface.ts";

export const EVENT_ID = /^evt_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const isoTime = z.iso.datetime({ offset: true });

/** The years that Postgres and JavaScript spell alike. */
const TIMES_MS = { first: 0, last: 253_402_300_799_999 };

function cursorOf(text: string): EventCursor | null {
  if (EVENT_ID.test(text)) return { id: text };
  if (!isoTime.safeParse(text).success) return null;
  return { storedFrom: new Date(Math.min(Math.max(Date.parse(text), TIMES_MS.first), TIMES_MS.last)) };
}

const types: readonly string[] = EVENT_TYPES;

const event = z
  .object({
    id: z.string().openapi({ example: "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2" }),
    event: z.string().openapi({ example: "charger.connected" }),
    timestamp: timestamp.openapi({ description: "When it happened" }),
    data: z.record(z.string(), z.unknown()).openapi({ description: "As webhooks carry it" }),
  })
  .openapi("Event");

/** The id of an event, or an ISO 8601 time. */
export const eventCursor = z
  .string()
  .transform(cursorOf)
  .refine((cursor) => cursor !== null, "must be an event id or an ISO 8601 time")
  .openapi({ type: "string", example: "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2" });

/** Names of events, with commas between them. */
export const eventTypes = z
  .string()
  .transform((list) => [...new Set(list.split(","))])
  .refine((list) => list.every((name) => types.includes(name)), `must be one of: ${types.join(", ")}`)
  .optional()
  .openapi({
    type: "string",
    example: "charger.connected",
    description: `One of these names, or several with commas between them: ${types.map((name) => `\`${name}\``).join(", ")}`,
  });

const query = z.object({
  after: eventCursor.optional().openapi({
    type: "string",
    example: "evt_01JKB2M3N4P5Q6R7S8T9V0W1X2",
    description:
      "`next` of the page before, the id of any event, or an ISO 8601 time: from what was stored then. Absent: from the oldest",
  }),
  type: eventTypes,
  chargeBoxId: chargeBoxId.optional(),
  limit: queryInteger({ min: 1, max: 500, fallback: 100 }).openapi({
    description: "Most events of a page; fewer if they are large",
  }),
});

export const listEvents = defineOperation({
  method: "get",
  path: "/events",
  operationId: "listEvents",
  summary: "Read what happened, oldest first, after a cursor",
  description: [
    `Every event of the organisation, once, for ${EVENTS_KEPT_DAYS} days after it was stored. Events are in the order in which they were stored:`,
    "nothing appears later before a `next` that was returned. Read on with `after` set to it, at once while `hasMore` is true;",
    "a page may be empty although `hasMore` is true, because filters are applied to a bounded number of events.",
  ].join(" "),
  tag: "Events",
  role: "viewer",
  query,
  success: {
    status: 200,
    description: "One page of events",
    schema: z.object({
      events: z.array(event),
      next: z
        .string()
        .nullable()
        .openapi({ description: "For `after`; null while there is no event at all" }),
      hasMore: z.boolean(),
    }),
  },
  refusals: [410],
  handle: async ({ ports, organization, query: asked }) => {
    const { after = null, type = null, chargeBoxId: identity = null, limit } = asked;
    const filter = { after, types: type, chargeBoxId: identity, limit };
    const { events, next, hasMore } = await readFeed(ports, organization.id, filter);
    return { events: events.map(({ id, ...row }) => ({ id, ...eventBody(row) })), next, hasMore };
  },
});
