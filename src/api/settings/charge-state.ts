import { liveReading, type LiveMeasurand, type LiveReading } from "../../ocpp/live-reading.ts";
import type { MeterMessage, SettingsView } from "../../ports.ts";

/** Smallest current in A of a phase that is in use. */
const IN_USE_A = 0.5;

/** Longest default interval of meter values among the documented models, in seconds. */
const INTERVAL_SECONDS = 3600;
/** A value is stale after two intervals, and not before the minimum, because frequent reports may be late. */
const FRESH_INTERVALS = 2;
const FRESH_SECONDS_MIN = 15 * 60;

interface StateValue {
  readonly id: number;
  readonly name: string;
  readonly at: Date;
  readonly value: string | number | null;
}

/**
 * Last meter values of the running transaction; empty without one. Each measurand has the time of the last message that
 * contained it, because a message need not contain all. Stale values are left out.
 */
export function chargeState(view: SettingsView, now: Date): StateValue[] {
  const { charge } = view;
  if (!charge) return [];
  const voltage = newest(view, "Voltage", now);
  const current = newest(view, "Current.Import", now);
  const power = newest(view, "Power.Active.Import", now);
  const { updatedAt } = charge;
  const energyKwh = charge.energyWh === null ? null : charge.energyWh / 1000;
  return [
    ...phases(501, "VoltagePhase", voltage.at, voltage.reading.voltageV),
    ...phases(507, "CurrentPhase", current.at, current.reading.currentA),
    { id: 513, name: "TotalChargePower", at: power.at, value: rounded(power.reading.powerW) },
    { id: 519, name: "SetPhases", at: current.at, value: phasesInUse(current.reading) },
    { id: 553, name: "TotalChargePowerSession", at: updatedAt, value: rounded(energyKwh) },
    { id: 721, name: "SessionIdentifier", at: updatedAt, value: charge.id },
  ];
}

function phases(firstId: number, name: string, at: Date, values: readonly (number | null)[]): StateValue[] {
  return values.map((value, index) => ({
    id: firstId + index,
    name: `${name}${index + 1}`,
    at,
    value: rounded(value),
  }));
}

/** The newest reading of a measurand; an empty reading if there is none or it is stale. */
function newest(view: SettingsView, measurand: LiveMeasurand, now: Date): { reading: LiveReading; at: Date } {
  const message = view.charge?.newest[measurand];
  const isKnown = message !== undefined && !isStale(view, message, now);
  return { reading: liveReading(isKnown ? message.meterValue : []), at: message?.at ?? view.createdAt };
}

/** Compares receive times, because the clock of the station may be wrong. */
function isStale({ settings }: SettingsView, { receivedAt }: MeterMessage, now: Date): boolean {
  const intervalSeconds = settings?.states.meterValueInterval?.inForce || INTERVAL_SECONDS;
  const freshSeconds = Math.max(FRESH_SECONDS_MIN, FRESH_INTERVALS * intervalSeconds);
  return now.getTime() - receivedAt.getTime() > freshSeconds * 1000;
}

/** The SetPhases code: one phase by its number, 4 = all three; null: none, or two. */
function phasesInUse({ currentA }: LiveReading): number | null {
  const used = currentA.flatMap((amps, index) => (amps !== null && amps >= IN_USE_A ? [index + 1] : []));
  if (used.length === 3) return 4;
  return used.length === 1 ? (used[0] ?? null) : null;
}

/** Rounded to three decimals. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
