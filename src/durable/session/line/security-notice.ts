import { systemIds } from "../../../fleet/ids.ts";
import type { SessionFact } from "../../../ports.ts";
import type { SecurityNotice, SessionRecord } from "../storage/session-record.ts";

/** The outbox. */
export interface FactQueue {
  addFact(record: SessionRecord, atMs: number, fact: SessionFact): void;
}

/** A repeated event is stored only this often; the log has every one. */
const EVERY_MS = 60_000;
const OF_CLOSE_CODE: ReadonlyMap<number, SecurityNotice> = new Map([
  [1002, "InvalidMessages"],
  [4029, "MessageFlood"],
]);

export function addNotice(
  facts: FactQueue,
  record: SessionRecord,
  { name, techInfo, nowMs }: { name: SecurityNotice; techInfo: string; nowMs: number },
): void {
  const toldAtMs = record.noticesAtMs[name] ?? -Infinity;
  if (nowMs >= toldAtMs && nowMs - toldAtMs < EVERY_MS) return;
  record.noticesAtMs = { ...record.noticesAtMs, [name]: nowMs };
  const at = new Date(nowMs).toISOString();
  facts.addFact(record, nowMs, {
    type: "securityEvent",
    id: systemIds.uuid(),
    source: "central",
    name,
    techInfo,
    at,
  });
}

/** Adds a security event for close codes that mean misbehaviour of the station. */
export function addClosureNotice(
  facts: FactQueue,
  record: SessionRecord | null,
  code: number,
  nowMs: number,
): void {
  const name = OF_CLOSE_CODE.get(code);
  if (record && name) addNotice(facts, record, { name, techInfo: `closed with ${code}`, nowMs });
}
