import type { Handler } from "../handler.ts";
import { needText, optionalText } from "../payload.ts";
import { maskText } from "../secret-text.ts";
import { eventTime } from "../station-time.ts";

/** 1.6 whitepaper and 2.x A04: always confirmed. */
export const securityEvent: Handler = (ctx, payload) => {
  const name = needText(payload, "type", 50);
  const told = optionalText(payload, "techInfo", 255);
  const techInfo = told === null ? null : maskText(told).slice(0, 255);
  const at = eventTime(optionalText(payload, "timestamp"), ctx.now);
  return { answer: {}, changes: [], events: [{ type: "securityEvent", name, techInfo, at }] };
};
