import type { JsonObject } from "./json.ts";
import { optionalNumber, optionalObject, optionalObjects, optionalText } from "./payload.ts";

type PerPhase = [number | null, number | null, number | null];

/** Values of a meter besides energy; null: not reported. Phases are L1, L2, L3. */
export interface LiveReading {
  voltageV: PerPhase;
  currentA: PerPhase;
  powerW: number | null;
}

/** Measurands read of a running transaction besides its energy. */
export const LIVE_MEASURANDS = ["Voltage", "Current.Import", "Power.Active.Import"] as const;
export type LiveMeasurand = (typeof LIVE_MEASURANDS)[number];

/** Newest value of each measurand in a meter value list of any version. L1-N counts as L1. */
export function liveReading(meterValue: readonly JsonObject[]): LiveReading {
  const reading: LiveReading = { voltageV: [null, null, null], currentA: [null, null, null], powerW: null };
  const phasePowerW: PerPhase = [null, null, null];
  for (const sample of meterValue.flatMap((value) => optionalObjects(value, "sampledValue"))) {
    const value = amountOf(sample);
    const phase = ["L1", "L2", "L3"].indexOf((optionalText(sample, "phase") ?? "").replace(/-N$/, ""));
    const measurand = optionalText(sample, "measurand");
    if (value === null) continue;
    if (measurand === "Power.Active.Import" && sample.phase === undefined) reading.powerW = value;
    if (phase < 0) continue;
    if (measurand === "Voltage") reading.voltageV[phase] = value;
    if (measurand === "Current.Import") reading.currentA[phase] = value;
    if (measurand === "Power.Active.Import") phasePowerW[phase] = value;
  }
  const parts = phasePowerW.filter((power) => power !== null);
  if (parts.length > 0) reading.powerW ??= parts.reduce((sum, power) => sum + power, 0);
  return reading;
}

/** Value of a sample, in V, A or W if it has such a unit. */
export function amountOf(sample: JsonObject): number | null {
  const text = optionalText(sample, "value");
  if (text !== null && !/^-?\d/.test(text)) return null;
  const value = text === null ? optionalNumber(sample, "value") : Number(text);
  if (value === null || !Number.isFinite(value)) return null;
  const unit = optionalObject(sample, "unitOfMeasure") ?? sample;
  const perUnit = optionalText(unit, "unit")?.startsWith("k") ? 1000 : 1;
  return value * perUnit * 10 ** (optionalNumber(unit, "multiplier") ?? 0);
}
