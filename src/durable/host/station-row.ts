import type { ItemError, SimulatedStation } from "../../ports.ts";
import { FRESH_MEMORY, type StationMemory } from "../../simulator/state.ts";

/** What a host keeps of one station over evictions and restarts. */
export interface StationRow {
  station: SimulatedStation;
  /** Null once the station failed, and for profiles without a key. */
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

export function newRow(station: SimulatedStation, sealedKey: string | null): StationRow {
  const memory = FRESH_MEMORY;
  return { station, sealedKey, isDesired: true, isReady: false, verdict: null, restartToken: null, memory };
}
