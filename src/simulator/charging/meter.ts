import type { Charge } from "../station/charge.ts";
import { VOLTAGE_V } from "./limits.ts";
import { settingValue } from "../station/setting-value.ts";
import type { Turn } from "../station/turn.ts";
import type { Reading } from "../station/measurands.ts";

const HOUR_MS = 3_600_000;

/** Meter reading of a connector in Wh; 0: the main meter. */
export function meterReading(turn: Turn, connectorId: number): number {
  const { charges, metersWh } = turn.state.memory;
  const ids = connectorId === 0 ? connectorIds(turn) : [connectorId];
  const exact = ids.reduce((sum, id) => sum + (metersWh[id] ?? 0) + flowedWh(turn, charges[id]), 0);
  return Math.floor(exact);
}

/** Counts the energy up to now. Call before the current changes and before a charge ends. */
export function settleMeter(turn: Turn, connectorId: number): void {
  const { charges, metersWh } = turn.state.memory;
  const charge = charges[connectorId];
  if (!charge) return;
  const reading = (metersWh[connectorId] ?? 0) + flowedWh(turn, charge);
  turn.remember({
    metersWh: { ...metersWh, [connectorId]: reading },
    charges: { ...charges, [connectorId]: { ...charge, meteredAtMs: turn.around.nowMs } },
  });
}

/** Values of a connector's meter for the given measurands. */
export function readMeter(turn: Turn, connectorId: number, measurands: readonly string[]): Reading[] {
  const phases = phasesOf(turn, connectorId);
  const amps = new Map(phases);
  const watts = phases.reduce((sum, [, each]) => sum + each * VOLTAGE_V, 0);
  const all: Reading[] = [
    {
      measurand: "Energy.Active.Import.Register",
      value: meterReading(turn, connectorId),
      unit: "Wh",
      phase: null,
    },
    { measurand: "Power.Active.Import", value: Math.round(watts), unit: "W", phase: null },
    ...[...amps].map(([phase, value]): Reading => ({
      measurand: "Current.Import",
      value,
      unit: "A",
      phase: `L${phase}`,
    })),
    ...[...amps.keys()].map((phase): Reading => ({
      measurand: "Voltage",
      value: VOLTAGE_V,
      unit: "V",
      phase: `L${phase}-N`,
    })),
  ];
  return all.filter(({ measurand }) => measurands.includes(measurand));
}

/** Measurands listed in a setting. */
export function measurandsOf(turn: Turn, setting: string): string[] {
  return settingValue(turn.state, setting)
    .split(",")
    .map((each) => each.trim());
}

/** Current by phase in A; without a charge 0 A on the first phase. */
function phasesOf(turn: Turn, connectorId: number): Array<[phase: number, amps: number]> {
  const ids = connectorId === 0 ? connectorIds(turn) : [connectorId];
  const sums = new Map<number, number>([[1, 0]]);
  for (const id of ids) {
    const charge = turn.state.memory.charges[id];
    if (charge?.stage !== "charging") continue;
    const { amps, phases, firstPhase } = charge.flow;
    if (phases === 1 && firstPhase !== 1 && sums.get(1) === 0) sums.delete(1);
    for (let index = 0; index < phases; index++) {
      const phase = firstPhase + index;
      sums.set(phase, (sums.get(phase) ?? 0) + amps);
    }
  }
  return [...sums].sort(([a], [b]) => a - b);
}

function flowedWh(turn: Turn, charge: Charge | undefined): number {
  if (charge?.stage !== "charging" || turn.state.power === "off") return 0;
  const { amps, phases } = charge.flow;
  const elapsedMs = Math.max(0, turn.around.nowMs - charge.meteredAtMs);
  return (amps * phases * VOLTAGE_V * elapsedMs) / HOUR_MS;
}

function connectorIds(turn: Turn): number[] {
  return Array.from({ length: turn.state.profile.connectors }, (_, index) => index + 1);
}
