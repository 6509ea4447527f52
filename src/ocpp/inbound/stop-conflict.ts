import type { HandlerContext } from "../handler.ts";
import type { StationEvent, ToldStop } from "../station-state.ts";

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
