import type { HandlerContext, HandlerResult } from "../handler.ts";
import type { StateChange, StationEvent } from "../station-state.ts";

/**
 * A new transaction on a connector means that the station lost the stop of the old one: it ends where the new one begins.
 * A backlog that is delivered late never ends a transaction that began after it.
 */
export function closeLostStop(
  ctx: HandlerContext,
  begun: { evseId: number; startedAt: string },
): Omit<HandlerResult, "answer"> {
  const open = ctx.station.transactions.openOn(begun.evseId);
  if (!open || open.startedAt > begun.startedAt) return { changes: [], events: [] };
  const { transactionId, evseId, idTag } = open;
  const at = begun.startedAt;
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
