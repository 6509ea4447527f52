import { isSettingOn } from "./setting-value.ts";
import type { InboundHandler } from "./turn.ts";

/** A station whose cache is switched off has none to clear (1.6 errata 3.23, 2.x C11.FR.04). */
export const clearCache: InboundHandler = (turn) => ({
  result: { status: isSettingOn(turn.state, "AuthorizationCacheEnabled") ? "Accepted" : "Rejected" },
});
