import type { JsonObject } from "./json.ts";
import { optionalNumber, optionalObject, optionalObjects, optionalText } from "./payload.ts";

const REGISTER = "Energy.Active.Import.Register";

/**
 * Newest imported energy in Wh of a meter value list; null: none. Reads all versions: 1.6 has text values with a
 * unit, 2.x numbers with `unitOfMeasure`. Values of a single phase are ignored.
 */
export function energyReading(meterValue: readonly JsonObject[]): number | null {
  const readings = meterValue
    .flatMap((value) => optionalObjects(value, "sampledValue"))
    .filter(
      (sample) => (optionalText(sample, "measurand") ?? REGISTER) === REGISTER && sample.phase === undefined,
    )
    .flatMap((sample) => inWattHours(sample) ?? []);
  return readings.at(-1) ?? null;
}

function inWattHours(sample: JsonObject): number | null {
  const text = optionalText(sample, "value");
  const isSigned = optionalText(sample, "format") === "SignedData";
  if (isSigned || (text !== null && !/^-?\d/.test(text))) return null;
  const value = text === null ? optionalNumber(sample, "value") : Number(text);
  if (value === null || !Number.isFinite(value)) return null;
  const unit = optionalObject(sample, "unitOfMeasure") ?? sample;
  const perUnit = optionalText(unit, "unit") === "kWh" ? 1000 : 1;
  const energyWh = Math.round(value * perUnit * 10 ** (optionalNumber(unit, "multiplier") ?? 0));
  return Number.isSafeInteger(energyWh) ? energyWh : null;
}
