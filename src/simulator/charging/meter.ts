import { ENDLESS, energyUntil, powerAt, powerCurve, stateOfCharge, type Stretch } from "../station/car.ts";
import { VOLTAGE_V } from "./limits.ts";
import { settingValue } from "../station/setting-value.ts";
import type { StationState } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";
import type { Measurand, Reading } from "../station/measurands.ts";

const AC_MAX_W = 43_000;

/** Meter reading of a connector in Wh; 0: the main meter. */
export function meterReading(turn: Turn, connectorId: number): number {
  const { metersWh } = turn.state.memory;
  const ids = connectorId === 0 ? connectorIds(turn) : [connectorId];
  // The sum of many stretches may end a billionth below the whole number that it is.
  return Math.floor(ids.reduce((sum, id) => sum + (metersWh[id] ?? 0) + flowedWh(turn, id), 0) + 1e-6);
}

/** Energy that the running transaction of a connector has delivered, Wh. */
export function deliveredWh(turn: Turn, connectorId: number): number {
  const { charges, metersWh } = turn.state.memory;
  const charge = charges[connectorId];
  return charge ? (metersWh[connectorId] ?? 0) + flowedWh(turn, connectorId) - charge.meterStartWh : 0;
}

/**
 * Counts the energy up to now, in the meter and in the battery of the car. Call before the current or the car changes,
 * and before a charge ends.
 */
export function settleMeter(turn: Turn, connectorId: number): void {
  const { cars, charges, metersWh } = turn.state.memory;
  const charge = charges[connectorId];
  if (!charge) return;
  const wh = flowedWh(turn, connectorId);
  const car = cars[connectorId];
  turn.remember({
    metersWh: { ...metersWh, [connectorId]: (metersWh[connectorId] ?? 0) + wh },
    charges: { ...charges, [connectorId]: { ...charge, meteredAtMs: turn.around.nowMs } },
    ...(car && { cars: { ...cars, [connectorId]: { ...car, storedWh: car.storedWh + wh } } }),
  });
}

/** Power of the car on a connector since the meter was settled last; null: no transaction runs. */
export function curveOf(turn: Turn, connectorId: number): readonly Stretch[] | null {
  const { cars, charges } = turn.state.memory;
  const charge = charges[connectorId];
  if (charge?.stage !== "charging" || turn.state.power === "off") return null;
  const { flow, meteredAtMs, drawsSinceMs = 0 } = charge;
  const offeredW = flow.amps * flow.phases * VOLTAGE_V;
  return powerCurve(cars[connectorId] ?? ENDLESS, offeredW, drawsSinceMs, meteredAtMs);
}

/** Values of a connector's meter for the given measurands. */
export function readMeter(turn: Turn, connectorId: number, measurands: readonly string[]): Reading[] {
  const phases = phasesOf(turn, connectorId);
  const watts = phases.reduce((sum, [, each]) => sum + each * VOLTAGE_V, 0);
  const reading = (
    measurand: Measurand,
    value: number,
    unit: Reading["unit"],
    phase: string | null = null,
  ) => ({
    measurand,
    value,
    unit,
    phase,
  });
  const percent = chargeLevel(turn, connectorId);
  const all: Reading[] = [
    reading("Energy.Active.Import.Register", meterReading(turn, connectorId), "Wh"),
    reading("Power.Active.Import", Math.round(watts), "W"),
    ...phases.map(([phase, amps]) => reading("Current.Import", inTenths(amps), "A", `L${phase}`)),
    ...phases.map(([phase]) => reading("Voltage", VOLTAGE_V, "V", `L${phase}-N`)),
    ...(percent === null ? [] : [reading("SoC", inTenths(percent), "Percent")]),
  ];
  return all.filter(({ measurand }) => measurands.includes(measurand));
}

function inTenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** State of charge of the car in percent; null: the station does not know it, because it is no DC station. */
function chargeLevel(turn: Turn, connectorId: number): number | null {
  const car = turn.state.memory.cars[connectorId];
  if (!car || !isDc(turn.state)) return null;
  return stateOfCharge({ ...car, storedWh: car.storedWh + flowedWh(turn, connectorId) });
}

/** Whether the station charges with direct current: above what an AC socket delivers. */
export function isDc({ profile }: StationState): boolean {
  return profile.maxPowerW > AC_MAX_W;
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
    const flow = turn.state.memory.charges[id]?.flow;
    const curve = curveOf(turn, id);
    if (!flow || !curve) continue;
    const { phases, firstPhase } = flow;
    const amps = powerAt(curve, turn.around.nowMs) / (VOLTAGE_V * Math.max(1, phases));
    if (phases === 1 && firstPhase !== 1 && sums.get(1) === 0) sums.delete(1);
    for (let index = 0; index < phases; index++) {
      const phase = firstPhase + index;
      sums.set(phase, (sums.get(phase) ?? 0) + amps);
    }
  }
  return [...sums].sort(([a], [b]) => a - b);
}

function flowedWh(turn: Turn, connectorId: number): number {
  return energyUntil(curveOf(turn, connectorId) ?? [], turn.around.nowMs);
}

function connectorIds(turn: Turn): number[] {
  return Array.from({ length: turn.state.profile.connectors }, (_, index) => index + 1);
}
