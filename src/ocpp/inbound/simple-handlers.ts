import { answerOnly, type Handler, type HandlerContext } from "../handler.ts";
import type { JsonObject } from "../json.ts";
import { needText, optionalText } from "../payload.ts";
import { redactPayload } from "../redact.ts";
import { maskText } from "../secret-text.ts";
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

/** For what needs a service that this central system has none of, such as a certificate authority. */
export function refused(answer: JsonObject): Handler {
  return function refuse() {
    return answerOnly(answer);
  };
}

/** 1.6 whitepaper and 2.x A04: always confirmed. */
export const securityEvent: Handler = (ctx, payload) => {
  const name = needText(payload, "type", 50);
  const told = optionalText(payload, "techInfo", 255);
  const techInfo = told === null ? null : maskText(told).slice(0, 255);
  const at = eventTime(optionalText(payload, "timestamp"), ctx.now);
  return { answer: {}, changes: [], events: [{ type: "securityEvent", name, techInfo, at }] };
};

/** Every version: the answer sets the station's clock (1.6 §4.6, 2.x G02). */
export const heartbeat: Handler = (ctx) => answerOnly({ currentTime: ctx.now.toISOString() });
