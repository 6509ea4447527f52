import type { CallFrame } from "../frame.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { parseStationTime } from "../station-time.ts";

const TOLERANCE_MS = 60_000;

/**
 * Offset of a station's clock by the time in a message, in ms; positive is ahead. 0: within a minute, or not known.
 * Only status messages are sent at once. Transaction messages may have waited for a connection, so they can show that
 * a clock is right or ahead, but not that it is behind.
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
