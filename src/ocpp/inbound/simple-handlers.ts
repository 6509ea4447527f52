import { answerOnly, type Handler, type HandlerContext } from "../handler.ts";
import type { JsonObject } from "../json.ts";
import { needText, optionalText } from "../payload.ts";
import { redactPayload } from "../redact.ts";
import { maskText } from "../secret-text.ts";
import type { StationEvent } from "../station-state.ts";
import { eventTime } from "../station-time.ts";

/** Handler that stores the message, secrets redacted, and sends this answer. */
export function notified(action: string, answer: JsonObject = {}): Handler {
  return function keepNotification(ctx, payload) {
    return { answer, changes: [], events: [notice(action, ctx, payload)] };
  };
}

/** The message as an event, for handlers that do more with it. */
export function notice(action: string, { now }: HandlerContext, payload: JsonObject): StationEvent {
  const told = optionalText(payload, "generatedAt") ?? optionalText(payload, "timestamp");
  return { type: "notified", action, payload: redactPayload(payload), at: eventTime(told, now) };
}

/**
 * Handler that always sends this refusal, for actions that need a service Busbar does not have, such as a certificate
 * authority.
 */
export function refused(answer: JsonObject): Handler {
  return function refuse() {
    return answerOnly(answer);
  };
}

/** SecurityEventNotification (1.6 security whitepaper, 2.x A04); always confirmed. */
export const securityEvent: Handler = (ctx, payload) => {
  const name = needText(payload, "type", 50);
  const told = optionalText(payload, "techInfo", 255);
  const techInfo = told === null ? null : maskText(told).slice(0, 255);
  const at = eventTime(optionalText(payload, "timestamp"), ctx.now);
  return { answer: {}, changes: [], events: [{ type: "securityEvent", name, techInfo, at }] };
};

/** Heartbeat (1.6 §4.6, 2.x G02). The station sets its clock by the answer. */
export const heartbeat: Handler = (ctx) => answerOnly({ currentTime: ctx.now.toISOString() });
