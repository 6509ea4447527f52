import type { HandlerContext, HandlerResult } from "../handler.ts";
import type { BootFacts } from "../station-state.ts";

/** Seconds until the next BootNotification of a station that is not accepted. */
const RETRY_SECONDS = { Pending: 60, Rejected: 600 };

/** Answers a BootNotification with the registration status set for the charger (1.6 §4.2, 2.x B01 to B03). */
export function answerBoot(ctx: HandlerContext, facts: BootFacts, reason: string | null): HandlerResult {
  const { bootAnswer, heartbeatIntervalSeconds } = ctx.station;
  const intervalSeconds = bootAnswer === "Accepted" ? heartbeatIntervalSeconds : RETRY_SECONDS[bootAnswer];
  const at = ctx.now.toISOString();
  return {
    answer: { status: bootAnswer, currentTime: at, interval: intervalSeconds },
    changes: [{ type: "booted", facts, registration: bootAnswer, intervalSeconds, reason, at }],
    events: [{ type: "booted", facts, registrationStatus: bootAnswer, reason, at }],
  };
}
