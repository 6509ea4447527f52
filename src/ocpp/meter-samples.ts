import type { JsonObject } from "./json.ts";
import { optionalNumber, optionalObject, optionalObjects, optionalText } from "./payload.ts";
import { parseStationTime } from "./station-time.ts";

/** One value of a meter, in the same form for every version. */
export interface MeterSample {
  /** ISO 8601, by the station's clock. */
  readonly timestamp: string;
  /** Why it was taken; null: it stands for several. */
  readonly context: string | null;
  readonly measurand: string;
  /** Null: of all phases together. */
  readonly phase: string | null;
  readonly location: string;
  /** Null: it has none, or the station named none. */
  readonly unit: string | null;
  readonly value: number;
}

const REGISTER = "Energy.Active.Import.Register";
/** Multiplying by a power of ten leaves the digits of the station and no others. */
const DIGITS_MAX = 15;

/**
 * Values of a meter value list. Reads all versions: 1.6 has text values with a unit, 2.x numbers with a unit and a power of ten.
 * What is absent is as the specification says; signed values and texts that are no number are left out. `at`: time of a value
 * that has none.
 */
export function meterSamples(meterValue: readonly JsonObject[], at: Date): MeterSample[] {
  return meterValue.flatMap((list) => {
    const timeMs = parseStationTime(optionalText(list, "timestamp")) ?? at.getTime();
    const timestamp = new Date(timeMs).toISOString();
    return optionalObjects(list, "sampledValue").flatMap((sample) => sampleOf(sample, timestamp) ?? []);
  });
}

function sampleOf(sample: JsonObject, timestamp: string): MeterSample | null {
  const value = valueOf(sample);
  if (value === null) return null;
  const measurand = optionalText(sample, "measurand") ?? REGISTER;
  const unit = optionalText(optionalObject(sample, "unitOfMeasure") ?? sample, "unit");
  return {
    timestamp,
    context: optionalText(sample, "context") ?? "Sample.Periodic",
    measurand,
    phase: optionalText(sample, "phase"),
    location: optionalText(sample, "location") ?? "Outlet",
    unit: unit ?? defaultUnit(measurand),
    value,
  };
}

function defaultUnit(measurand: string): string | null {
  if (measurand.startsWith("Energy.Reactive")) return "varh";
  return measurand.startsWith("Energy.") ? "Wh" : null;
}

function valueOf(sample: JsonObject): number | null {
  if (optionalText(sample, "format") === "SignedData") return null;
  const text = optionalText(sample, "value");
  const value = text === null ? optionalNumber(sample, "value") : numberIn(text);
  if (value === null || !Number.isFinite(value)) return null;
  const unit = optionalObject(sample, "unitOfMeasure");
  const multiplied = value * 10 ** ((unit && optionalNumber(unit, "multiplier")) ?? 0);
  return Number.isFinite(multiplied) ? Number(multiplied.toPrecision(DIGITS_MAX)) : null;
}

function numberIn(text: string): number | null {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?\s*$/.test(text) ? Number(text) : null;
}

/**
 * One value of each kind for every span of time: of a register the last one, of everything else the mean. `timestamp` is the
 * beginning of the span.
 */
export function downsample(samples: readonly MeterSample[], spanMs: number): MeterSample[] {
  const groups = new Map<string, MeterSample[]>();
  for (const sample of samples) {
    const startMs = Math.floor(Date.parse(sample.timestamp) / spanMs) * spanMs;
    const { measurand, phase, location, unit } = sample;
    const key = JSON.stringify([startMs, measurand, phase, location, unit]);
    const group = groups.get(key);
    if (group) group.push(sample);
    else groups.set(key, [sample]);
  }
  const merged = [...groups].flatMap(([key, group]) => {
    const [startMs] = JSON.parse(key) as [number];
    return mergeOf(group, new Date(startMs).toISOString()) ?? [];
  });
  return merged.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : Number(a.timestamp > b.timestamp)));
}

function mergeOf(group: readonly MeterSample[], timestamp: string): MeterSample | null {
  const last = group.reduce((newest, sample) => (sample.timestamp >= newest.timestamp ? sample : newest));
  const mean = group.reduce((sum, { value }) => sum + value, 0) / group.length;
  const value = last.measurand.endsWith(".Register") ? last.value : Number(mean.toPrecision(DIGITS_MAX));
  return { ...last, timestamp, context: null, value };
}
