import type { CallFrame } from "../frame.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { parseStationTime } from "../station-time.ts";

const TOLERANCE_MS = 60_000;

/**
 * How far a station's clock is off by what a message says, ms, ahead is positive; 0: right within a minute, or nobody knows.
 * Only a status is told when it is sent. Everything about a transaction may have waited for a connection: it proves a
 * clock right or ahead, but not behind.
 */
export function clockOffMs(
  { action, payload }: Pick<CallFrame, "action" | "payload">,
  nowMs: number,
  beforeMs: number,
): number {
  const timeMs = parseStationTime(timestampOf(payload));
  if (timeMs === null) return beforeMs;
  const offMs = timeMs - nowMs;
  if (Math.abs(offMs) <= TOLERANCE_MS) return 0;
  return offMs > 0 || action === "StatusNotification" ? offMs : beforeMs;
}

function timestampOf({ timestamp, meterValue }: JsonObject): string | null {
  if (typeof timestamp === "string") return timestamp;
  const newest = Array.isArray(meterValue) ? meterValue.at(-1) : undefined;
  return newest !== undefined && isJsonObject(newest)
    ? timestampOf({ timestamp: newest["timestamp"] ?? null })
    : null;
}
