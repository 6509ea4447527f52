import { systemIds, ulidOf } from "../../../fleet/ids.ts";
import type { JsonObject } from "../../../ocpp/json.ts";
import { optionalInteger, optionalObject, optionalText } from "../../../ocpp/payload.ts";
import type { PendingStart, RemoteStartLookup, StateChange } from "../../../ocpp/station-state.ts";
import type { SessionFact, TransactionFact } from "../../../ports.ts";
import type { SessionRecord, StoredStart } from "./session-record.ts";

/** How long after a remote start its transaction may begin; after that its row becomes `expired`. */
const CLAIM_WINDOW_MS = 10 * 60_000;
/** Largest difference of a station's clock from ours that counts as right. */
const CLOCK_TOLERANCE_MS = 60_000;
/** Most starts that wait at a time; beyond it the oldest expire. A station has fewer connectors. */
const PENDING_MAX = 32;
/** Expired starts that are remembered, because their StartTransaction may have waited for a connection. */
const EXPIRED_MAX = 8;

/**
 * Revisions of a row before its transaction begins. The transaction counts from 1, so that every fact about it replaces
 * them, also after the row has expired.
 */
const PENDING_REVISION = -1;
const EXPIRED_REVISION = 0;

/** Stores changes of the record, and facts for Postgres in the outbox. */
interface StartSink {
  changed(): void;
  addFact(record: SessionRecord, atMs: number, fact: SessionFact): void;
}

/** A CALL on its way to the station, and the transaction id that was reserved for it. */
interface StartCall {
  readonly action: string;
  readonly payload: JsonObject;
  readonly transactionId: number;
}

/**
 * Notes a remote start before its CALL leaves: the transaction id is used up and a fact creates its row in Postgres with the status
 * `pending`. Every CALL that starts a transaction passes here, from each road of the API.
 */
export function noteStart(record: SessionRecord, sink: StartSink, call: StartCall, nowMs: number): void {
  const { action, payload, transactionId } = call;
  const isV16 = action === "RemoteStartTransaction";
  const token = isV16 ? payload : (optionalObject(payload, "idToken") ?? {});
  const start: StoredStart = {
    transactionId,
    rowId: `txn_${ulidOf(systemIds.uuid())}`,
    remoteStartId: (isV16 ? null : optionalInteger(payload, "remoteStartId")) ?? transactionId,
    evseId: optionalInteger(payload, isV16 ? "connectorId" : "evseId"),
    idTag: optionalText(token, isV16 ? "idTag" : "idToken") ?? "",
    atMs: nowMs,
    isExpired: false,
  };
  const waiting = record.remoteStarts.filter(({ isExpired }) => !isExpired);
  const excess = waiting.slice(0, Math.max(0, waiting.length + 1 - PENDING_MAX));
  expire(record, sink, excess, nowMs);
  record.remoteStarts = [...record.remoteStarts, start];
  tell(record, sink, start, nowMs);
}

/** Ends a remote start that the station refused. */
export function refuseStart(
  record: SessionRecord,
  sink: StartSink,
  transactionId: number,
  nowMs: number,
): void {
  const refused = record.remoteStarts.find((start) => start.transactionId === transactionId);
  if (refused) drop(record, sink, refused, nowMs);
}

/** Reports the starts whose time is over at `nowMs` to Postgres. They are remembered for a StartTransaction that comes late. */
export function expireStarts(record: SessionRecord, sink: StartSink, nowMs: number): void {
  const isOver = ({ isExpired, atMs }: StoredStart) => !isExpired && nowMs > atMs + CLAIM_WINDOW_MS;
  expire(record, sink, record.remoteStarts.filter(isOver), nowMs);
}

/** Ends all starts of a charger that is gone. */
export function endStarts(record: SessionRecord, sink: StartSink, nowMs: number): void {
  for (const start of record.remoteStarts) drop(record, sink, start, nowMs);
}

/** When the next start expires, epoch ms; null: none waits. */
export function startsDueMs({ remoteStarts }: Pick<SessionRecord, "remoteStarts">): number | null {
  const dues = remoteStarts.filter(({ isExpired }) => !isExpired).map(({ atMs }) => atMs);
  return dues.length === 0 ? null : Math.min(...dues) + CLAIM_WINDOW_MS + 1;
}

/**
 * Removes the starts that a message carried out. On 1.6 one StartTransaction stands for all starts of its connector and tag
 * that were asked for before it began, so the others of these expire. On 2.x a station may name our start
 * in a transaction that runs already, which has another id: then the reserved row expires.
 */
export function settleStarts(
  record: SessionRecord,
  sink: StartSink,
  changes: readonly StateChange[],
  nowMs: number,
): void {
  if (record.remoteStarts.length === 0) return;
  for (const change of changes) {
    if (change.type === "transactionOpened" && change.remoteStarted) {
      const { transactionId, evseId, idTag, ocppTransactionId, startedAt } = change;
      const claimed = record.remoteStarts.find((start) => start.transactionId === transactionId);
      record.remoteStarts = record.remoteStarts.filter((start) => start !== claimed);
      sink.changed();
      if (ocppTransactionId !== null || idTag === null) continue;
      const untilMs = Math.max(claimed?.atMs ?? 0, Date.parse(startedAt) + CLOCK_TOLERANCE_MS);
      const others = record.remoteStarts.filter(
        (start) => isMeant(start, { evseId, idTag }) && start.atMs <= untilMs,
      );
      for (const start of others) drop(record, sink, start, nowMs);
    }
    if (change.type !== "transactionUpdated" || change.remoteStartId === null) continue;
    const merged = record.remoteStarts.findLast((start) => start.remoteStartId === change.remoteStartId);
    if (merged) drop(record, sink, merged, nowMs);
  }
}

/**
 * The starts of a session, as handlers look them up. Of several that fit, the newest counts; a start in whose time the transaction
 * began comes before one that merely waits, because the message may have waited for a connection.
 */
export function remoteStartLookup({ remoteStarts }: SessionRecord, nowMs: number): RemoteStartLookup {
  const isWaiting = ({ atMs, isExpired }: StoredStart) => !isExpired && nowMs <= atMs + CLAIM_WINDOW_MS;
  return {
    claimable: ({ startedAt, ...place }) => {
      const startedMs = Date.parse(startedAt);
      const meant = remoteStarts.filter((start) => isMeant(start, place));
      return pending(meant.findLast((start) => beganInTime(start, startedMs)) ?? meant.findLast(isWaiting));
    },
    byRemoteStartId: (remoteStartId, idTag) =>
      pending(
        remoteStarts.findLast(
          (start) =>
            start.remoteStartId === remoteStartId && (idTag === null || isSameTag(start.idTag, idTag)),
        ),
      ),
    isAwaited: (idTag) => remoteStarts.some((start) => isWaiting(start) && isSameTag(start.idTag, idTag)),
  };
}

function pending(start: StoredStart | undefined): PendingStart | null {
  if (!start) return null;
  const { transactionId, rowId, idTag } = start;
  return { transactionId, rowId, idTag };
}

/** By the station's time: the message may have waited for a connection. */
function beganInTime({ atMs }: StoredStart, startedMs: number): boolean {
  return startedMs >= atMs - CLOCK_TOLERANCE_MS && startedMs <= atMs + CLAIM_WINDOW_MS;
}

/** A start without a connector is for any. */
function isMeant(start: StoredStart, { evseId, idTag }: { evseId: number; idTag: string }): boolean {
  return (start.evseId === null || start.evseId === evseId) && isSameTag(start.idTag, idTag);
}

function isSameTag(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function drop(record: SessionRecord, sink: StartSink, start: StoredStart, nowMs: number): void {
  record.remoteStarts = record.remoteStarts.filter((each) => each !== start);
  sink.changed();
  if (!start.isExpired) tell(record, sink, { ...start, isExpired: true }, nowMs);
}

function expire(record: SessionRecord, sink: StartSink, starts: readonly StoredStart[], nowMs: number): void {
  if (starts.length === 0) return;
  const expired = starts.map((start) => ({ ...start, isExpired: true }));
  const others = record.remoteStarts.filter((start) => !starts.includes(start));
  const remembered = [...others.filter(({ isExpired }) => isExpired), ...expired].slice(-EXPIRED_MAX);
  record.remoteStarts = [...remembered, ...others.filter(({ isExpired }) => !isExpired)];
  for (const start of expired) tell(record, sink, start, nowMs);
}

function tell(record: SessionRecord, sink: StartSink, start: StoredStart, nowMs: number): void {
  sink.changed();
  sink.addFact(record, nowMs, { type: "transaction", ...factOf(start) });
}

function factOf({ transactionId, rowId, evseId, idTag, atMs, isExpired }: StoredStart): TransactionFact {
  return {
    id: rowId,
    transactionId,
    ocppTransactionId: null,
    evseId: evseId ?? 0,
    connectorId: evseId === null ? 0 : 1,
    idTag,
    status: isExpired ? "expired" : "pending",
    meterStartWh: null,
    meterStopWh: null,
    lastMeterWh: null,
    meterOffsetWh: 0,
    startedAt: new Date(atMs).toISOString(),
    stoppedAt: null,
    stopReason: null,
    remoteStarted: true,
    lostStop: false,
    revision: isExpired ? EXPIRED_REVISION : PENDING_REVISION,
  };
}
