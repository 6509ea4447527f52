import type { Handler } from "../../handler.ts";
import { stopConflict } from "../../inbound/transactions.ts";
import type { JsonObject } from "../../json.ts";
import { needInteger, optionalObjects, optionalText } from "../../payload.ts";
import { judgeTag } from "../../remote-only-tag.ts";
import type { StateChange, StationEvent, TransactionRecord, UnconfirmedStop } from "../../station-state.ts";
import { believedEnd, believedTime } from "../../station-time.ts";
import { idTagInfo } from "../id-tag-info.ts";
import { openUnconfirmed, UNCONFIRMED_ID } from "../unconfirmed-id.ts";
import { TEXT_LENGTH } from "../../text-length.ts";

/**
 * StopTransaction (OCPP 1.6 §4.10), which cannot be refused. A stop of an unknown transaction is stored without one.
 */
export const stopTransaction: Handler = (ctx, payload) => {
  const claimed = needInteger(payload, "transactionId");
  const meterStopWh = needInteger(payload, "meterStop");
  const idTag = optionalText(payload, "idTag", TEXT_LENGTH.idTag);
  const timestamp = optionalText(payload, "timestamp", TEXT_LENGTH.free);
  const { transactions } = ctx.station;
  const unconfirmed = claimed === UNCONFIRMED_ID && timestamp !== null ? { meterStopWh, timestamp } : null;
  const repeated = unconfirmed && transactions.unconfirmedStop(unconfirmed);
  const id = repeated ? repeated.transactionId : claimed;
  const isOpen = id === UNCONFIRMED_ID;
  const record = isOpen ? openUnconfirmed(ctx, null) : id === null ? null : transactions.byId(id);
  const toldAt = believedTime(timestamp, ctx.now, ctx.station.clockOffMs);
  const at = believedEnd(toldAt, record?.startedAt ?? null, ctx.now);
  const info = idTag === null ? null : idTagInfo(judgeTag(ctx, idTag, record?.remoteStarted ?? false));
  const answer: JsonObject = info === null ? {} : { idTagInfo: info };
  const stopReason = optionalText(payload, "reason", TEXT_LENGTH.word) ?? "Local";
  if (repeated) return { answer, changes: [], events: [] };
  if (record !== null && record.stoppedAt !== null && !record.lostStop) {
    const told = { meterStopWh, stoppedAt: at, stopReason };
    return { answer, changes: [], events: stopConflict(ctx, record.transactionId, told) };
  }

  const event: StationEvent = {
    type: "transactionStopped",
    transactionId: record?.transactionId ?? null,
    claimedId: record ? null : String(claimed),
    evseId: record?.evseId ?? null,
    idTag,
    meterStopWh,
    stopReason,
    lostStop: false,
    transactionData: optionalObjects(payload, "transactionData"),
    at,
  };
  return { answer, changes: ended(record, at, unconfirmed), events: [event] };
};

function ended(
  record: TransactionRecord | null,
  stoppedAt: string,
  unconfirmed: UnconfirmedStop | null,
): StateChange[] {
  const changes: StateChange[] = [];
  const endedId = record?.transactionId ?? null;
  if (endedId !== null)
    changes.push({
      type: "transactionClosed",
      transactionId: endedId,
      seqNo: null,
      stoppedAt,
      lostStop: false,
    });
  // Recorded so that a repeat under another message id is recognised.
  if (unconfirmed) changes.push({ type: "unconfirmedStop", endedId, ...unconfirmed });
  return changes;
}
