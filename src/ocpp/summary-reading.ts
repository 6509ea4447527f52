import type { JsonObject } from "./json.ts";
import { amountOf, liveReading } from "./live-reading.ts";
import { optionalObjects, optionalText } from "./payload.ts";

/** Values of a meter besides energy, one of each kind; null: not reported. */
export interface SummaryReading {
  powerW: number | null;
  /** Of all phases together, or the highest of the phases. */
  currentA: number | null;
  /** State of charge in percent. */
  soc: number | null;
}

/** Newest value of each kind in a meter value list of any version. */
export function summaryReading(meterValue: readonly JsonObject[]): SummaryReading {
  const { powerW, currentA: phases } = liveReading(meterValue);
  const samples = meterValue.flatMap((value) => optionalObjects(value, "sampledValue"));
  const newest = (measurand: string) =>
    samples
      .filter((sample) => sample.phase === undefined && optionalText(sample, "measurand") === measurand)
      .flatMap((sample) => amountOf(sample) ?? [])
      .at(-1) ?? null;
  const known = phases.filter((current) => current !== null);
  const highest = known.length > 0 ? Math.max(...known) : null;
  return { powerW, currentA: newest("Current.Import") ?? highest, soc: newest("SoC") };
}
