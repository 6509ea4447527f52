import type { ItemError, SimulatedStation } from "../../../ports.ts";
import { FRESH_MEMORY, type StationMemory } from "../../../simulator/station/state.ts";

/** What a host keeps of one station over evictions and restarts. */
export interface StationRow {
  station: SimulatedStation;
  /** A key that was given to the station; null while it has the one that derives from its charger's id. */
  sealedKey: string | null;
  /** Switched on, as far as its owner is concerned. */
  isDesired: boolean;
  /** Was accepted at least once: provisioning is over, nothing fails it any more. */
  isReady: boolean;
  verdict: ItemError | null;
  /** The last restart that was carried out. */
  restartToken: string | null;
  memory: StationMemory;
}

export function newRow(station: SimulatedStation): StationRow {
  const memory = FRESH_MEMORY;
  return {
    station,
    sealedKey: null,
    isDesired: true,
    isReady: false,
    verdict: null,
    restartToken: null,
    memory,
  };
}
