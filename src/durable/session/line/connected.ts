import type { OcppVersion } from "../../../ocpp/version.ts";
import { logEvent } from "../storage/log-event.ts";
import type { SessionRecord } from "../storage/session-record.ts";
import { addNotice, type FactQueue } from "./security-notice.ts";

interface Connection {
  version: OcppVersion;
  ip: string;
  direct: boolean;
  nowMs: number;
}

const TAKEOVERS_PER_HOUR_MAX = 60;
const HOUR_MS = 60 * 60 * 1000;

/** Epoch of generations: seconds since then fit a 32-bit integer column until 2088. */
const GENERATIONS_SINCE_MS = Date.UTC(2020, 0, 1);

/**
 * Next generation: seconds of the clock, and at least one more than before. Postgres ignores facts of lower generations than it
 * knows, and a session that was lost or restored does not know the generations it had.
 */
function generationAfter(generation: number, nowMs: number): number {
  return Math.max(generation + 1, Math.floor((nowMs - GENERATIONS_SINCE_MS) / 1000));
}

/** Records a new line. The address of a direct line is not kept as the last login. */
export function noteConnected(record: SessionRecord, { version, ip, direct, nowMs }: Connection): void {
  record.generation = generationAfter(record.generation, nowMs);
  record.connected = { version, connectedAtMs: nowMs };
  record.version = version;
  if (!direct) record.lastLogin = { ip, atMs: nowMs };
  record.probedAtMs = null;
}

/**
 * Gives a generation to a session that lost its storage, so that Postgres accepts that the station is offline. False: the session
 * knows its last line.
 */
export function noteForgottenLine(record: SessionRecord, nowMs: number): boolean {
  if (record.generation > 0) return false;
  record.generation = generationAfter(record.generation, nowMs);
  return true;
}

/** Counts a takeover and reports it as a security event. Over the limit the identity is quarantined for an hour. */
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
