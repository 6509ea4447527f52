import { logEvent } from "../storage/log-event.ts";
import { addNotice, type FactQueue } from "./security-notice.ts";
import type { SessionRecord } from "../storage/session-record.ts";

const TAKEOVERS_PER_HOUR_MAX = 60;
const HOUR_MS = 60 * 60 * 1000;

/** Counts one takeover of live sockets and tells of it; over the limit the identity is quarantined for an hour. */
export function noteTakeover(
  facts: FactQueue,
  record: SessionRecord,
  { ip, oldIps, nowMs }: { ip: string; oldIps: string[]; nowMs: number },
): void {
  if (oldIps.length === 0) return;
  for (const oldIp of oldIps) logEvent(record, "session.takeover", { ip, oldIp });
  addNotice(facts, record, { name: "Takeover", techInfo: `from ${oldIps.join(", ")} to ${ip}`, nowMs });
  record.takeoversAtMs = [...record.takeoversAtMs.filter((atMs) => atMs > nowMs - HOUR_MS), nowMs];
  if (record.takeoversAtMs.length <= TAKEOVERS_PER_HOUR_MAX) return;
  record.takeoversAtMs = [];
  record.quarantinedUntilMs = nowMs + HOUR_MS;
  const until = new Date(record.quarantinedUntilMs).toISOString();
  addNotice(facts, record, { name: "Quarantine", techInfo: `until ${until}`, nowMs });
}
