import type { HandlerContext, HandlerResult } from "../handler.ts";
import type { StateChange, StationEvent } from "../station-state.ts";
import { isBelievable } from "../station-time.ts";

/**
 * A new transaction on a connector means that the station lost the stop of the old one: it ends where the new one begins.
 * A backlog that is delivered late never ends a transaction that began after it; a start that a wrong clock has dated is
 * as new as its message.
 */
export function closeLostStop(
  ctx: HandlerContext,
  begun: { evseId: number; startedAt: string },
): Omit<HandlerResult, "answer"> {
  const open = ctx.station.transactions.openOn(begun.evseId);
  const nowAt = ctx.now.toISOString();
  const at = isBelievable(begun.startedAt, ctx.now, ctx.station.clockOffMs) ? begun.startedAt : nowAt;
  if (!open || (open.startedAt > at && open.startedAt <= nowAt)) return { changes: [], events: [] };
  const { transactionId, evseId, idTag } = open;
  const change: StateChange = {
    type: "transactionClosed",
    transactionId,
    seqNo: null,
    stoppedAt: at,
    lostStop: true,
  };
  const event: StationEvent = {
    type: "transactionStopped",
    transactionId,
    claimedId: null,
    evseId,
    idTag,
    meterStopWh: null,
    stopReason: "Other",
    lostStop: true,
    transactionData: [],
    at,
  };
  return { changes: [change], events: [event] };
}
