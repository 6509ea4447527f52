import type { HandlerContext } from "../handler.ts";
import type { JobKind } from "../station-state.ts";

/**
 * Whether a status is about a request that a newer one has replaced (2.x L01, L03, N01: matched by its id). One without an id
 * is believed, and so is any id while none of ours is known: 1.6 stations make theirs up.
 */
export function isReplaced(ctx: HandlerContext, job: JobKind, requestId: number | null): boolean {
  const current = ctx.station.jobRequests[job];
  if (ctx.version === "ocpp1.6" || requestId === null || !current) return false;
  return !current.includes(requestId);
}
