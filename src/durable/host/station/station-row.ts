import type { ItemError, SimulatedStation } from "../../../ports.ts";
import { FRESH_MEMORY, type StationMemory } from "../../../simulator/station/state.ts";

/** Stored state of one station; it survives eviction and restart. */
export interface StationRow {
  station: SimulatedStation;
  /** Encrypted key that was given to the station; null: it uses the key derived from the charger's id. */
  sealedKey: string | null;
  /** Whether the station should be running. */
  isDesired: boolean;
  /** Was accepted at least once. Provisioning is over and cannot fail any more. */
  isReady: boolean;
  verdict: ItemError | null;
  /** Token of the last restart. */
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
