import type { Handler, HandlerContext } from "../handler.ts";
import type { JsonObject } from "../json.ts";
import { optionalText } from "../payload.ts";
import { redactPayload } from "../redact.ts";
import type { StationEvent } from "../station-state.ts";
import { eventTime } from "../station-time.ts";

/** Keeps a message as it came, without its secrets, and gives the neutral answer. */
export function notified(action: string, answer: JsonObject = {}): Handler {
  return function keepNotification(ctx, payload) {
    return { answer, changes: [], events: [notice(action, ctx, payload)] };
  };
}

/** The message itself as an event, for handlers that do more with it. */
export function notice(action: string, { now }: HandlerContext, payload: JsonObject): StationEvent {
  const told = optionalText(payload, "generatedAt") ?? optionalText(payload, "timestamp");
  return { type: "notified", action, payload: redactPayload(payload), at: eventTime(told, now) };
}
