import type { ConnectorState } from "../../ports.ts";

const DISCONNECTED = 1;
const REQUESTING = 2;
const CHARGING = 3;
const FINISHED = 5;

const MODES: Record<string, number> = {
  Available: DISCONNECTED,
  Reserved: DISCONNECTED,
  Preparing: REQUESTING,
  SuspendedEVSE: REQUESTING,
  Charging: CHARGING,
  SuspendedEV: FINISHED,
  Finishing: FINISHED,
};
const HIGHEST_FIRST = [CHARGING, REQUESTING, FINISHED, DISCONNECTED];

/** OperatingMode of a charger: that of its busiest connector; 0: unknown. */
export function operatingMode(connectors: readonly ConnectorState[]): number {
  const modes = connectors.filter(({ evseId }) => evseId > 0).map(({ status }) => MODES[status] ?? 0);
  return HIGHEST_FIRST.find((mode) => modes.includes(mode)) ?? 0;
}
