import type { Handler } from "../handler.ts";
import type { JsonObject } from "../json.ts";
import { redactPayload } from "../redact.ts";

/** Keeps a message as it came, without its secrets, and gives the neutral answer. */
export function notified(action: string, answer: JsonObject = {}): Handler {
  return function keepNotification(ctx, payload) {
    const at = ctx.now.toISOString();
    return {
      answer,
      changes: [],
      events: [{ type: "notified", action, payload: redactPayload(payload), at }],
    };
  };
}
