import { z } from "@hono/zod-openapi";
import { Forbidden, UpgradeRequired } from "../../errors.ts";
import { signLiveTicket } from "../http/live-ticket.ts";
import { chargeBoxId, noBody, timestamp } from "./fields.ts";
import { EVENT_ID, eventTypes } from "./events.ts";
import { defineOperation } from "./surface.ts";

export const createLiveTicket = defineOperation({
  method: "post",
  path: "/events/ticket",
  operationId: "createLiveTicket",
  summary: "Make a ticket that opens a live line",
  description:
    "For browsers, which cannot send `X-API-Key` with an upgrade. Valid for 60 seconds, for `GET /events/live` alone.",
  tag: "Events",
  role: "viewer",
  body: { schema: noBody },
  success: {
    status: 201,
    description: "The ticket",
    schema: z.object({ ticket: z.string(), expiresAt: timestamp }),
  },
  handle: async ({ c, ports }) => {
    const { subject } = c.get("principal");
    const { ticket, expiresAt } = await signLiveTicket(c.get("config"), subject, ports.clock.now());
    return c.json({ ticket, expiresAt: expiresAt.toISOString() }, 201);
  },
});

const query = z.object({
  ticket: z.string().optional().openapi({ description: "In place of `X-API-Key`" }),
  after: z.string().regex(EVENT_ID, "must be an event id").optional().openapi({
    description: "Id of the last event that was received. Absent: begin with what is stored from now on",
  }),
  type: eventTypes,
  chargeBoxId: chargeBoxId.optional(),
});

export const openLiveLine = defineOperation({
  method: "get",
  path: "/events/live",
  operationId: "openLiveLine",
  summary: "Be sent events as they are stored (WebSocket)",
  description: [
    'Frames are JSON. The first is `{type: "ready", after}`; each event is `{type: "event", id, event, timestamp, data}`, in the order of',
    '`GET /events`. Acknowledge with `{type: "ack", id}`, at least every 500 events: after 1,000 events or 1 MB without one, or when',
    '`after` is not kept any more, `{type: "resync", after}` is sent and the line is closed with 4409: read `GET /events` behind that event',
    "and open the line again. 4401: the key was revoked. 100 lines per organization.",
  ].join(" "),
  tag: "Events",
  role: "viewer",
  query,
  success: { status: 101, description: "The line is open" },
  refusals: [426],
  handle: async ({
    c,
    ports,
    organization,
    query: { after = null, type = null, chargeBoxId: identity = null },
  }) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") throw new UpgradeRequired();
    const origin = c.req.header("origin");
    if (origin !== undefined && origin !== new URL(c.get("config").PUBLIC_BASE_URL).origin)
      throw new Forbidden("role", "Pages of other origins may not open a live line");
    const line = {
      organizationId: organization.id,
      keyId: c.get("principal").subject,
      after,
      types: type,
      chargeBoxId: identity,
    };
    return ports.liveLines.open(c.req.raw, line);
  },
});
