import type { Handler, HandlerContext } from "../../handler.ts";
import type { JsonObject } from "../../json.ts";
import { needInteger, optionalObjects, optionalText } from "../../payload.ts";
import { judgeTag } from "../../remote-only-tag.ts";
import type { StateChange, StationEvent, TransactionRecord } from "../../station-state.ts";
import { eventTime } from "../../station-time.ts";
import { idTagInfo } from "../id-tag-info.ts";
import { UNCONFIRMED_ID } from "../unconfirmed-id.ts";

/** OCPP 1.6 §4.10: cannot be refused. What belongs to no transaction of this charger is kept as an orphan. */
export const stopTransaction: Handler = (ctx, payload) => {
  const claimed = needInteger(payload, "transactionId");
  const meterStopWh = needInteger(payload, "meterStop");
  const idTag = optionalText(payload, "idTag");
  const at = eventTime(optionalText(payload, "timestamp"), ctx.now);
  const record = claimed === UNCONFIRMED_ID ? onlyOpen(ctx) : ctx.station.transactions.byId(claimed);
  const info = idTag === null ? null : idTagInfo(judgeTag(ctx, idTag, record?.remoteStarted ?? false));
  const answer: JsonObject = info === null ? {} : { idTagInfo: info };
  if (record && record.stoppedAt !== null && !record.lostStop) return { answer, changes: [], events: [] };

  const event: StationEvent = {
    type: "transactionStopped",
    transactionId: record?.transactionId ?? null,
    claimedId: record ? null : String(claimed),
    evseId: record?.evseId ?? null,
    idTag,
    meterStopWh,
    stopReason: optionalText(payload, "reason") ?? "Local",
    lostStop: false,
    transactionData: optionalObjects(payload, "transactionData"),
    at,
  };
  return { answer, changes: record ? [closed(record, at)] : [], events: [event] };
};

function closed({ transactionId }: TransactionRecord, stoppedAt: string): StateChange {
  return { type: "transactionClosed", transactionId, seqNo: null, stoppedAt, lostStop: false };
}

/** The message names no connector, so its transaction is known only where a single one is open. */
function onlyOpen(ctx: HandlerContext): TransactionRecord | null {
  const { connectors, transactions } = ctx.station;
  const open = new Map<number, TransactionRecord>();
  for (const { evseId } of connectors) {
    const record = transactions.openOn(evseId);
    if (record) open.set(record.transactionId, record);
  }
  const [record] = open.values();
  return open.size === 1 && record ? record : null;
}
