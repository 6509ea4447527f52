import { liveReading, type LiveReading } from "../../ocpp/live-reading.ts";
import type { SettingsView } from "../../ports.ts";

/** A phase with less is not in use. */
const IN_USE_A = 0.5;

export type StateValue = [id: number, name: string, value: string | number | null];

/** What the running transaction's meter said last, and nothing without one. */
export function chargeState({ charge }: SettingsView): StateValue[] {
  if (!charge) return [];
  const reading = liveReading(charge.meterValue);
  const { voltageV, currentA, powerW } = reading;
  const energyKwh = charge.energyWh === null ? null : charge.energyWh / 1000;
  return [
    ...voltageV.map((volts, index): StateValue => [501 + index, `VoltagePhase${index + 1}`, rounded(volts)]),
    ...currentA.map((amps, index): StateValue => [507 + index, `CurrentPhase${index + 1}`, rounded(amps)]),
    [513, "TotalChargePower", rounded(powerW)],
    [519, "SetPhases", phasesInUse(reading)],
    [553, "TotalChargePowerSession", rounded(energyKwh)],
    [721, "SessionIdentifier", charge.id],
  ];
}

/** The SetPhases code: one phase by its number, 4 = all three; null: none, or two. */
function phasesInUse({ currentA }: LiveReading): number | null {
  const used = currentA.flatMap((amps, index) => (amps !== null && amps >= IN_USE_A ? [index + 1] : []));
  if (used.length === 3) return 4;
  return used.length === 1 ? (used[0] ?? null) : null;
}

/** Shortest form, without the noise of floating point. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
