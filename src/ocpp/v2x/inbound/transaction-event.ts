import type { Handler, HandlerContext, HandlerResult } from "../../handler.ts";
import { closeLostStops, stopConflict } from "../../inbound/transactions.ts";
import type { JsonObject } from "../../json.ts";
import type { PendingStart, StateChange, StationEvent, TransactionRecord } from "../../station-state.ts";
import { energyWh } from "../energy.ts";
import { idTokenInfo, judgeToken } from "../id-token.ts";
import { occupiedConnector } from "../connector-status.ts";
import { believedEnd } from "../../station-time.ts";
import { readTransactionEvent, type TransactionMessage } from "../transaction-message.ts";

/**
 * TransactionEvent (OCPP 2.x E01 to E15). Key: (charger, transactionId, seqNo). A repeat is answered and changes
 * nothing. Messages may arrive in any order; the first one opens the transaction, whatever its eventType.
 */
export const transactionEvent: Handler = (ctx, payload) => {
  const message = readTransactionEvent(payload, ctx.now, ctx.station.clockOffMs);
  const { transactions } = ctx.station;
  const known = transactions.byOcppId(message.ocppTransactionId);
  const pending = pendingStart(ctx, message);
  const isRemote = pending !== null || (known?.remoteStarted ?? false);
  const verdict = message.token && judgeToken(ctx, message.token, isRemote);
  const answer: JsonObject = verdict ? { idTokenInfo: idTokenInfo(verdict) } : {};
  const endedAgain = known && message.eventType === "Ended" ? conflict(ctx, known, message) : [];
  if (known && transactions.hasEvent(message.ocppTransactionId, message.seqNo))
    return { answer, changes: [], events: endedAgain };

  const opened = known ? null : open(ctx, message, pending);
  const record = known ?? opened;
  if (!record) return { answer, changes: [], events: [] };
  const changes: StateChange[] = [];
  const events: StationEvent[] = [];
  const add = (part: Omit<HandlerResult, "answer">) => {
    changes.push(...part.changes);
    events.push(...part.events);
  };

  if (opened) add(closeLostStops(ctx, opened));
  const rowId = pending?.rowId ?? null;
  changes.push(
    opened ? { type: "transactionOpened", ...opened, rowId } : update(message, record, pending !== null),
  );
  if (opened || message.eventType === "Started")
    events.push(started(record, message, verdict?.status ?? null));
  if (message.reservationId !== null)
    changes.push({ type: "reservationEnded", reservationId: message.reservationId });
  if (endedAgain.length > 0) events.push(...endedAgain);
  else add(message.eventType === "Ended" ? ended(ctx, record, message) : measured(record, message));
  if (message.seqNo >= (record.lastSeqNo ?? 0)) add(occupiedConnector(ctx, record, message));
  return { answer, changes, events };
};

/** Event for a second end of a transaction with another meter value, reason or time. The first end is valid. */
function conflict(
  ctx: HandlerContext,
  known: TransactionRecord,
  message: TransactionMessage,
): StationEvent[] {
  if (known.stoppedAt === null || known.lostStop) return [];
  return stopConflict(ctx, known.transactionId, {
    meterStopWh: energyWh(message.meterValue, "Transaction.End"),
    stoppedAt: message.at,
    stopReason: message.stoppedReason ?? "Local",
  });
}

/** Our remote start, if the station repeats its number; null: none, or an invented number. */
function pendingStart(
  { station }: HandlerContext,
  { remoteStartId, token }: TransactionMessage,
): PendingStart | null {
  if (remoteStartId === null) return null;
  return station.remoteStarts.byRemoteStartId(remoteStartId, token?.token ?? null);
}

function open(
  ctx: HandlerContext,
  message: TransactionMessage,
  pending: PendingStart | null,
): TransactionRecord {
  const { evse, token, at, timestamp, seqNo, chargingState, ocppTransactionId } = message;
  return {
    transactionId: pending?.transactionId ?? ctx.ids.nextTransactionId(),
    ocppTransactionId,
    evseId: evse?.evseId ?? 0,
    connectorId: evse?.connectorId ?? 0,
    idTag: token?.token ?? pending?.idTag ?? null,
    meterStartWh: energyWh(message.meterValue, "Transaction.Begin"),
    startedAt: at,
    startTimestamp: timestamp,
    stoppedAt: null,
    remoteStarted: pending !== null,
    chargingState,
    lastSeqNo: seqNo,
    lostStop: false,
    isConfirmed: true,
  };
}

function update(
  message: TransactionMessage,
  { transactionId, lastSeqNo }: TransactionRecord,
  isRemote: boolean,
): StateChange {
  const isNewest = message.seqNo > (lastSeqNo ?? -1);
  return {
    type: "transactionUpdated",
    transactionId,
    seqNo: message.seqNo,
    chargingState: isNewest ? message.chargingState : null,
    evseId: message.evse?.evseId ?? null,
    connectorId: message.evse?.connectorId ?? null,
    idTag: message.token?.token ?? null,
    remoteStartId: isRemote ? message.remoteStartId : null,
  };
}

function started(
  record: TransactionRecord,
  message: TransactionMessage,
  idTagStatus: string | null,
): StationEvent {
  return {
    type: "transactionStarted",
    transactionId: record.transactionId,
    ocppTransactionId: record.ocppTransactionId,
    evseId: message.evse?.evseId ?? record.evseId,
    connectorId: message.evse?.connectorId ?? record.connectorId,
    idTag: message.token?.token ?? record.idTag,
    idTagStatus,
    meterStartWh: energyWh(message.meterValue, "Transaction.Begin"),
    reservationId: message.reservationId,
    remoteStarted: record.remoteStarted,
    offline: message.offline,
    at: message.at,
  };
}

function measured(record: TransactionRecord, message: TransactionMessage): Omit<HandlerResult, "answer"> {
  const { meterValue, triggerReason, chargingState, at } = message;
  if (meterValue.length === 0 && chargingState === null) return { changes: [], events: [] };
  const evseId = message.evse?.evseId ?? record.evseId;
  const { transactionId } = record;
  const about = { transactionId, claimedId: null, evseId, triggerReason, chargingState };
  return { changes: [], events: [{ type: "meterValues", ...about, meterValue, at }] };
}

function ended(
  { now }: HandlerContext,
  record: TransactionRecord,
  message: TransactionMessage,
): Omit<HandlerResult, "answer"> {
  const { seqNo, meterValue } = message;
  const at = believedEnd(message.at, record.startedAt, now);
  const { transactionId } = record;
  const about = { transactionId, claimedId: null, evseId: message.evse?.evseId ?? record.evseId };
  return {
    changes: [{ type: "transactionClosed", transactionId, seqNo, stoppedAt: at, lostStop: false }],
    events: [
      {
        type: "transactionStopped",
        ...about,
        idTag: message.token?.token ?? record.idTag,
        meterStopWh: energyWh(meterValue, "Transaction.End"),
        stopReason: message.stoppedReason ?? "Local",
        lostStop: false,
        transactionData: meterValue,
        at,
      },
    ],
  };
}
