import { limitAt, nextChangeMs, stationLimitAt, VOLTAGE_V, type Limit } from "./limits.ts";
import type { Turn } from "../station/turn.ts";

const PERIODS_MAX = 100;

/** A period of a composite schedule. */
export interface CompositePeriod {
  readonly startPeriod: number;
  readonly limit: number;
  readonly numberPhases: number;
  readonly phaseToUse?: number;
}

/** Composite schedule of a connector (0: the station) from now on, in A per phase; null: no such connector. */
export function composite(
  turn: Turn,
  connectorId: number,
  durationSeconds: number,
  unit: "A" | "W",
): CompositePeriod[] | null {
  const { state, around } = turn;
  if (connectorId < 0 || connectorId > state.profile.connectors || durationSeconds < 0) return null;
  const endMs = around.nowMs + durationSeconds * 1_000;
  const periods: CompositePeriod[] = [];
  let atMs: number | null = around.nowMs;
  while (atMs !== null && (atMs < endMs || periods.length === 0) && periods.length < PERIODS_MAX) {
    const limit = connectorId === 0 ? stationLimitAt(state, atMs) : limitAt(state, connectorId, atMs);
    const period = inUnit(Math.floor((atMs - around.nowMs) / 1_000), limit, unit);
    const last = periods.at(-1);
    const isSame = last?.limit === period.limit && last.numberPhases === period.numberPhases;
    if (!isSame) periods.push(period);
    atMs = nextChangeMs(state, atMs);
  }
  return periods;
}

function inUnit(startPeriod: number, { amps, phases, phaseToUse }: Limit, unit: "A" | "W"): CompositePeriod {
  const limit = unit === "A" ? amps : amps * phases * VOLTAGE_V;
  const isChosen = phases === 1 && phaseToUse !== null;
  return {
    startPeriod,
    limit: Math.round(limit * 10) / 10,
    numberPhases: phases,
    ...(isChosen && { phaseToUse }),
  };
}
