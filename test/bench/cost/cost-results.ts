import type { OcppVersion } from "../../../src/ocpp/version.ts";
import type { Measured, Samples } from "./cost-scenario.ts";
import type { Window } from "./metered-session.ts";
import { CHARGING, IDLE, monthOf, type EventUse, type Month, type SessionUse } from "./price-model.ts";

/** Means over the samples of one event. Counts repeat from run to run, times do not. */
export interface EventCost extends EventUse {
  /** setAlarm calls; each is one of the rows. */
  alarms: number;
  /** Timers started. Of those that rang a length that comes again within one event, as in a poll, counts once. */
  timers: number;
  /** Lengths of those that rang: the object stayed awake for them. */
  waited_ms: number[];
  samples: number;
}

/** What is measured of stations of one version. */
export interface VersionCost extends SessionUse {
  connect: EventCost;
  boot_notification: EventCost;
  heartbeat_first_15_minutes: EventCost;
  heartbeat: EventCost;
  liveness_alarm: EventCost & { per_heartbeat: number };
  status_notification: EventCost;
  authorize: EventCost;
  start: EventCost;
  meter_values: EventCost;
  charging_alarm: EventCost & { per_meter_value: number };
  stop: EventCost;
  command: EventCost;
  disconnect: EventCost;
  dropped_frame: EventCost;
  month: Month;
  month_idle: Month;
}

/** The last line of `npm run bench:cost -- --json`. What stands outside `by_version` is the mean of both versions. */
export interface CostResults extends VersionCost {
  usd_per_charger_month: number;
  usd_idle: number;
  by_version: Partial<Record<OcppVersion, VersionCost>>;
}

const NAMES = {
  connect: "connect",
  bootNotification: "boot_notification",
  earlyHeartbeat: "heartbeat_first_15_minutes",
  heartbeat: "heartbeat",
  livenessAlarm: "liveness_alarm",
  statusNotification: "status_notification",
  authorize: "authorize",
  start: "start",
  meterValues: "meter_values",
  chargingAlarm: "charging_alarm",
  stop: "stop",
  command: "command",
  disconnect: "disconnect",
} as const satisfies Record<Measured, keyof VersionCost>;

export function costResults(stations: readonly Samples[]): CostResults {
  const versions = stations.map((samples) => [samples.version, versionCost(samples)] as const);
  const mean = meanOf(versions.map(([, cost]) => cost)) as VersionCost;
  return {
    ...mean,
    usd_per_charger_month: mean.month.usd,
    usd_idle: mean.month_idle.usd,
    by_version: Object.fromEntries(versions),
  };
}

function versionCost({ events, dropped, bytes }: Samples): VersionCost {
  const costs = Object.fromEntries(
    Object.entries(NAMES).map(([name, published]) => [published, eventCost(events[name as Measured])]),
  ) as Record<(typeof NAMES)[Measured], EventCost>;
  const bytesPerFrame = (bytes.last - bytes.first) / bytes.frames;
  const use = {
    ...costs,
    liveness_alarm: {
      ...costs.liveness_alarm,
      per_heartbeat: rounded(costs.liveness_alarm.samples / costs.heartbeat.samples),
    },
    charging_alarm: {
      ...costs.charging_alarm,
      per_meter_value: rounded(costs.charging_alarm.samples / costs.meter_values.samples),
    },
    dropped_frame: perFrame(dropped),
    bytes_per_frame: rounded(bytesPerFrame),
    bytes_at_rest: bytes.first,
  };
  return { ...use, month: month(use, CHARGING), month_idle: month(use, IDLE) };
}

function month(use: SessionUse, profile: typeof IDLE): Month {
  return meanOf([monthOf(use, profile)]) as Month;
}

/** Each sample is what the object used for one event, in one or several stretches of being awake. */
export function eventCost(samples: readonly Window[][]): EventCost {
  const mean = (of: (window: Window) => number) =>
    samples.length === 0 ? 0 : rounded(sumOf(samples.flat().map(of)) / samples.length);
  const started = samples.map((windows) => {
    const waited = new Set(windows.flatMap((window) => window.waited));
    return waited.size + windows.flatMap((window) => window.cleared).length;
  });
  return {
    rows: mean(({ rows }) => rows),
    alarms: mean(({ alarms }) => alarms),
    timers: samples.length === 0 ? 0 : rounded(sumOf(started) / samples.length),
    waited_ms: [...new Set(samples.flat().flatMap(({ waited }) => waited))].toSorted((a, b) => a - b),
    sql: mean(({ sql }) => sql),
    awake_ms: mean(({ awakeMs }) => awakeMs),
    requests: mean(({ requests }) => requests),
    samples: samples.length,
  };
}

/** The alarms that dropped frames, spread over the frames. */
function perFrame({ windows, frames }: Samples["dropped"]): EventCost {
  const { waited_ms, samples: _alarms, ...sum } = eventCost([windows]);
  const shares = Object.entries(sum).map(([name, value]) => [name, rounded(value / frames)] as const);
  return { ...(Object.fromEntries(shares) as typeof sum), waited_ms, samples: frames };
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const rounded = (value: number) => Number(value.toFixed(5));

/** Field by field: numbers are averaged, lists of lengths are joined. */
function meanOf(values: readonly unknown[]): unknown {
  const [first] = values;
  if (typeof first === "number") return rounded(sumOf(values as number[]) / values.length);
  if (Array.isArray(first)) return [...new Set((values as number[][]).flat())].toSorted((a, b) => a - b);
  const names = Object.keys(first as object);
  return Object.fromEntries(
    names.map((name) => [name, meanOf(values.map((value) => (value as Record<string, unknown>)[name]))]),
  );
}
