import { z } from "zod";
import { eventBody } from "../../events/event-body.ts";
import type { FeedEvent, LineRequest } from "../../ports.ts";

/** Events and bytes that a client may leave unacknowledged before it is told to resync. */
export const UNACKNOWLEDGED_MAX = { events: 1000, bytes: 1_000_000 };

/** Close codes of a line, beside those of RFC 6455. */
export const LINE_CLOSE = { keyRevoked: 4401, resync: 4409, badFrame: 1008, longFrame: 1009 } as const;

/** Characters of a frame of a client. */
export const FRAME_LENGTH_MAX = 1024;

/** A line, kept with its hibernating socket. */
export interface LineState extends LineRequest {
  /** Event behind which the line reads on; null: there was none yet. `after` is what the client last acknowledged. */
  cursor: string | null;
  unacknowledged: { events: number; bytes: number };
}

const acknowledgement = z.strictObject({
  type: z.literal("ack"),
  id: z.string().regex(/^evt_[0-9A-Z]{26}$/),
});

/** The event id of an acknowledgement; null: the frame is none. */
export function acknowledgedId(message: string | ArrayBuffer): string | null {
  if (typeof message !== "string") return null;
  try {
    return acknowledgement.parse(JSON.parse(message)).id;
  } catch {
    return null;
  }
}

export function eventFrame({ id, ...event }: FeedEvent): string {
  return JSON.stringify({ type: "event", id, ...eventBody(event) });
}

/** The first frame of a line. `after`: where it begins; null: no event was stored before. */
export function readyFrame(after: string | null): string {
  return JSON.stringify({ type: "ready", after });
}

/** Asks the client to read the feed behind `after` and to open the line again; null: from the oldest event that is kept. */
export function resyncFrame(after: string | null): string {
  return JSON.stringify({ type: "resync", after });
}

export function wants({ types, chargeBoxId }: LineState, { type, data }: FeedEvent): boolean {
  if (types !== null && !types.includes(type)) return false;
  return chargeBoxId === null || data["chargeBoxId"] === chargeBoxId;
}
