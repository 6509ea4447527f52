import type { HandlerContext, HandlerResult } from "../handler.ts";
import type { StateChange, StationEvent, ToldStop, TransactionRecord } from "../station-state.ts";
import { isBelievable } from "../station-time.ts";

/**
 * The transaction that meter values belong to which name none: the one that runs on their connector, if it had begun when they
 * were taken. Those of the main meter (0) belong to none.
 */
export function runningTransaction(
  { station }: HandlerContext,
  { evseId, at }: { evseId: number; at: string },
): TransactionRecord | null {
  const open = evseId > 0 ? station.transactions.openOn(evseId) : null;
  return open !== null && open.startedAt <= at ? open : null;
}

/** What a session holds open at least; a transaction may be over before its EVSE is known. */
const OPEN_MIN = 16;
const OPEN_PER_EVSE = 4;

type Effects = Omit<HandlerResult, "answer">;

/**
 * A new transaction on a connector means that the station lost the stop of the old one: it ends where the new one begins.
 * A backlog that is delivered late never ends a transaction that began after it; a start that a wrong clock has dated is
 * as new as its message. Beyond what a station can have open at once, the oldest end as well, whatever their connector.
 */
export function closeLostStops(ctx: HandlerContext, begun: { evseId: number; startedAt: string }): Effects {
  const nowAt = ctx.now.toISOString();
  const at = isBelievable(begun.startedAt, ctx.now, ctx.station.clockOffMs) ? begun.startedAt : nowAt;
  const open = ctx.station.transactions.open();
  // On 2.x, EVSE 0 is one that is not known yet.
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

/** Clocks that count as right are off by this much at most. */
const SAME_TIME_MS = 60_000;

/** What a stop tells that comes after the end of its transaction: nothing when it repeats what was told before. */
export function stopConflict(ctx: HandlerContext, transactionId: number, told: ToldStop): StationEvent[] {
  const kept = ctx.station.transactions.stopOf(transactionId);
  if (!kept || isSame(ctx, kept, told)) return [];
  return [{ type: "stopConflicted", transactionId, kept, told, at: told.stoppedAt }];
}

function isSame(ctx: HandlerContext, kept: ToldStop, told: ToldStop): boolean {
  const meters = [kept.meterStopWh, told.meterStopWh].filter((meterWh) => meterWh !== null);
  return new Set(meters).size < 2 && kept.stopReason === told.stopReason && isSameTime(ctx, kept, told);
}

/** A time of ours that stands in for one the station's clock made up tells nothing. */
function isSameTime({ now, station }: HandlerContext, kept: ToldStop, told: ToldStop): boolean {
  if (station.clockOffMs !== 0 || told.stoppedAt === now.toISOString()) return true;
  return Math.abs(Date.parse(kept.stoppedAt) - Date.parse(told.stoppedAt)) <= SAME_TIME_MS;
}
