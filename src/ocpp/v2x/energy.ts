import type { JsonObject } from "../json.ts";
import { optionalNumber, optionalObject, optionalObjects, optionalText } from "../payload.ts";

const REGISTER = "Energy.Active.Import.Register";

/**
 * Imported energy in Wh of a meter value list with this reading context (`Transaction.Begin`, `Transaction.End`),
 * otherwise with any; null: none. The last value is used, a total before a single phase.
 */
export function energyWh(meterValue: readonly JsonObject[], context: string): number | null {
  const samples = meterValue
    .flatMap((value) => optionalObjects(value, "sampledValue"))
    .filter(
      (sample) => (optionalText(sample, "measurand") ?? REGISTER) === REGISTER && sample.phase === undefined,
    );
  const wanted = samples.filter((sample) => sample.context === context);
  const sample = (wanted.length > 0 ? wanted : samples).at(-1);
  return sample ? inWattHours(sample) : null;
}

function inWattHours(sample: JsonObject): number | null {
  const value = optionalNumber(sample, "value");
  if (value === null) return null;
  const unit = optionalObject(sample, "unitOfMeasure") ?? {};
  const perUnit = optionalText(unit, "unit") === "kWh" ? 1000 : 1;
  return Math.round(value * perUnit * 10 ** (optionalNumber(unit, "multiplier") ?? 0));
}
