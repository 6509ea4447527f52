import type { Handler } from "../../handler.ts";
import { closeLostStops } from "../../inbound/transactions.ts";
import { needInteger, needText, optionalInteger } from "../../payload.ts";
import { judgeTag } from "../../remote-only-tag.ts";
import type { StateChange, StationEvent, TransactionRecord } from "../../station-state.ts";
import { believedTime } from "../../station-time.ts";
import { idTagInfo } from "../id-tag-info.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

/** StartTransaction (OCPP 1.6 §4.8). The answer always has a transaction id, also if the tag is refused. */
export const startTransaction: Handler = (ctx, payload) => {
  const evseId = needInteger(payload, "connectorId");
  const idTag = needText(payload, "idTag", TEXT_LENGTH.idTag);
  const meterStartWh = needInteger(payload, "meterStart");
  const timestamp = needText(payload, "timestamp", TEXT_LENGTH.free);
  const { transactions } = ctx.station;

  const repeated = transactions.byStart({ evseId, idTag, meterStartWh, timestamp });
  if (repeated) {
    const info = idTagInfo(judgeTag(ctx, idTag, repeated.remoteStarted));
    return { answer: { transactionId: repeated.transactionId, idTagInfo: info }, changes: [], events: [] };
  }

  const startedAt = believedTime(timestamp, ctx.now, ctx.station.clockOffMs);
  const pending = ctx.station.remoteStarts.claimable({ evseId, idTag, startedAt });
  const remoteStarted = pending !== null;
  const verdict = judgeTag(ctx, idTag, remoteStarted);
  const record: TransactionRecord = {
    transactionId: pending?.transactionId ?? ctx.ids.nextTransactionId(),
    ocppTransactionId: null,
    evseId,
    connectorId: 1,
    idTag,
    meterStartWh,
    startedAt,
    startTimestamp: timestamp,
    stoppedAt: null,
    remoteStarted,
    chargingState: null,
    lastSeqNo: null,
    lostStop: false,
    isConfirmed: false,
  };
  const lost = closeLostStops(ctx, { evseId, startedAt });
  const reservationId = optionalInteger(payload, "reservationId");
  const opened: StateChange = { type: "transactionOpened", ...record, rowId: pending?.rowId ?? null };
  const changes: StateChange[] = [...lost.changes, opened];
  if (reservationId !== null) changes.push({ type: "reservationEnded", reservationId });
  const started = startedEvent(record, verdict.status, reservationId);
  const answer = { transactionId: record.transactionId, idTagInfo: idTagInfo(verdict) };
  return { answer, changes, events: [...lost.events, started] };
};

function startedEvent(
  record: TransactionRecord,
  idTagStatus: string,
  reservationId: number | null,
): StationEvent {
  const { transactionId, evseId, connectorId, idTag, meterStartWh, remoteStarted, startedAt } = record;
  const about = {
    transactionId,
    ocppTransactionId: null,
    evseId,
    connectorId,
    idTag,
    idTagStatus,
    meterStartWh,
  };
  return {
    type: "transactionStarted",
    ...about,
    reservationId,
    remoteStarted,
    offline: false,
    at: startedAt,
  };
}
