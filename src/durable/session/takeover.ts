import type { SessionRecord } from "./session-record.ts";

const TAKEOVERS_PER_HOUR_MAX = 60;
const HOUR_MS = 60 * 60 * 1000;

/** Counts one takeover of a live socket; over the limit the identity is quarantined for an hour. */
export function noteTakeover(record: SessionRecord, nowMs: number): void {
  record.takeoversAtMs = [...record.takeoversAtMs.filter((atMs) => atMs > nowMs - HOUR_MS), nowMs];
  if (record.takeoversAtMs.length <= TAKEOVERS_PER_HOUR_MAX) return;
  record.takeoversAtMs = [];
  record.quarantinedUntilMs = nowMs + HOUR_MS;
}
