import type { HandlerContext, HandlerResult } from "../handler.ts";
import type { BootFacts } from "../station-state.ts";

/** Seconds a station waits before its next BootNotification when it is not accepted. */
const RETRY_SECONDS = { Pending: 60, Rejected: 600 };

/** Answers a boot with the registration state set for this station (1.6 §4.2, 2.x B01 to B03). */
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
