import type { HandlerContext, HandlerResult } from "../handler.ts";
import type { StateChange, StationEvent, ToldStop, TransactionRecord } from "../station-state.ts";
import { isBelievable } from "../station-time.ts";

/**
 * Transaction of meter values that name none: the one running on their connector, if it began before they were taken.
 * Null for the main meter (connector 0).
 */
export function runningTransaction(
  { station }: HandlerContext,
  { evseId, at }: { evseId: number; at: string },
): TransactionRecord | null {
  const open = evseId > 0 ? station.transactions.openOn(evseId) : null;
  return open !== null && open.startedAt <= at ? open : null;
}

/** Open transactions that every station may have, because on 2.x the EVSE of a transaction may be unknown. */
const OPEN_MIN = 16;
const OPEN_PER_EVSE = 4;

type Effects = Omit<HandlerResult, "answer">;

/**
 * Closes open transactions whose end the station lost: another transaction began on their connector, so they ended at
 * its start. A start from a backlog does not close transactions that began after it; a start with an implausible time
 * counts as begun now. Above `openMax` open transactions, the oldest are closed as well, whatever their connector.
 */
export function closeLostStops(ctx: HandlerContext, begun: { evseId: number; startedAt: string }): Effects {
  const nowAt = ctx.now.toISOString();
  const at = isBelievable(begun.startedAt, ctx.now, ctx.station.clockOffMs) ? begun.startedAt : nowAt;
  const open = ctx.station.transactions.open();
  // On 2.x, EVSE 0 means that the EVSE is not known yet.
  const hasPlace = begun.evseId > 0 || ctx.version === "ocpp1.6";
  const onSame = hasPlace ? open.findLast(({ evseId }) => evseId === begun.evseId) : undefined;
  const replaced = onSame && (onSame.startedAt <= at || onSame.startedAt > nowAt) ? [onSame] : [];
  const others = open.filter((record) => !replaced.includes(record));
  const excess = others.slice(0, Math.max(0, others.length + 1 - openMax(ctx)));
  const ends = [
    ...replaced.map((record) => lost(record, at)),
    ...excess.map((record) => lost(record, nowAt)),
  ];
  return { changes: ends.map(({ change }) => change), events: ends.map(({ event }) => event) };
}

function openMax({ station }: HandlerContext): number {
  const evseIds = new Set(station.connectors.map(({ evseId }) => evseId).filter((evseId) => evseId > 0));
  return Math.max(OPEN_MIN, OPEN_PER_EVSE * evseIds.size);
}

function lost(
  { transactionId, evseId, idTag }: TransactionRecord,
  at: string,
): { change: StateChange; event: StationEvent } {
  return {
    change: { type: "transactionClosed", transactionId, seqNo: null, stoppedAt: at, lostStop: true },
    event: {
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
    },
  };
}

/** Largest offset of a clock that counts as right. */
const SAME_TIME_MS = 60_000;

/** Event for a stop of a transaction that has ended; none if it repeats the known end. */
export function stopConflict(ctx: HandlerContext, transactionId: number, told: ToldStop): StationEvent[] {
  const kept = ctx.station.transactions.stopOf(transactionId);
  if (!kept || isSame(ctx, kept, told)) return [];
  return [{ type: "stopConflicted", transactionId, kept, told, at: told.stoppedAt }];
}

function isSame(ctx: HandlerContext, kept: ToldStop, told: ToldStop): boolean {
  const meters = [kept.meterStopWh, told.meterStopWh].filter((meterWh) => meterWh !== null);
  return new Set(meters).size < 2 && kept.stopReason === told.stopReason && isSameTime(ctx, kept, told);
}

/**
 * Whether two ends have the same time. A receive time that replaces an implausible time of the station is not
 * compared.
 */
function isSameTime({ now, station }: HandlerContext, kept: ToldStop, told: ToldStop): boolean {
  if (station.clockOffMs !== 0 || told.stoppedAt === now.toISOString()) return true;
  return Math.abs(Date.parse(kept.stoppedAt) - Date.parse(told.stoppedAt)) <= SAME_TIME_MS;
}
