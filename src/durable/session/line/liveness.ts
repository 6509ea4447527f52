import type { LiveSocket } from "./live-socket.ts";
import type { SessionRecord } from "../storage/session-record.ts";

const STALE_AFTER_MIN_MS = 120_000;
const STALE_AFTER_INTERVALS = 2.5;
const FIRST_CALL_WITHIN_MS = 120_000;
export const PROBE_TIMEOUT_MS = 20_000;

/** How often a new time of the last message, without other facts, is worth a flush. */
const SEEN_EVERY_MS = 15 * 60 * 1000;

export type LivenessStep = "none" | "probe" | "close";

function lastSignOfLife({ attachment }: LiveSocket): number {
  return attachment.lastMessageAtMs ?? attachment.connectedAtMs;
}

/**
 * Epoch ms of the last message that Postgres should be told; null: it knows it, or it is too soon. For an offline station it is
 * told whenever Postgres does not know it, because no later message will tell it.
 */
export function unseenAtMs(record: SessionRecord, live: LiveSocket | null): number | null {
  const { seenAtMs } = record;
  if (!live) return (record.lastMessageAtMs ?? 0) > seenAtMs ? record.lastMessageAtMs : null;
  const { lastMessageAtMs, connectedAtMs, seenAtMs: toldAtMs = 0 } = live.attachment;
  if (lastMessageAtMs === null) return null;
  return lastMessageAtMs - Math.max(seenAtMs, toldAtMs, connectedAtMs) >= SEEN_EVERY_MS
    ? lastMessageAtMs
    : null;
}

export function isFresh(record: SessionRecord, live: LiveSocket, nowMs: number): boolean {
  return nowMs - lastSignOfLife(live) < staleAfterMs(record);
}

/** What to do about a silent socket. Any frame counts as a sign of life (1.6 §4.6, 2.x G02.FR.04). */
export function livenessStep(record: SessionRecord, live: LiveSocket, nowMs: number): LivenessStep {
  if (!record.hasCalled && nowMs >= live.attachment.connectedAtMs + FIRST_CALL_WITHIN_MS) return "close";
  if (isFresh(record, live, nowMs)) return "none";
  const { probedAtMs, registration } = record;
  if (probedAtMs !== null && probedAtMs > lastSignOfLife(live))
    return nowMs >= probedAtMs + PROBE_TIMEOUT_MS ? "close" : "none";
  return registration === "Accepted" || registration === "Pending" ? "probe" : "close";
}

/** Epoch ms of the next liveness check. */
export function livenessDueMs(record: SessionRecord, live: LiveSocket): number {
  const lastMs = lastSignOfLife(live);
  if (!record.hasCalled) return live.attachment.connectedAtMs + FIRST_CALL_WITHIN_MS;
  if (record.probedAtMs !== null && record.probedAtMs > lastMs) return record.probedAtMs + PROBE_TIMEOUT_MS;
  return lastMs + staleAfterMs(record);
}

function staleAfterMs({ heartbeatIntervalSeconds }: SessionRecord): number {
  return Math.max(STALE_AFTER_MIN_MS, STALE_AFTER_INTERVALS * heartbeatIntervalSeconds * 1000);
}
