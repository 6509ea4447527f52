import type { OcppVersion } from "../ocpp/version.ts";
import type { LayerName } from "./profiles.ts";

/** What we wrote into a station and know of it, kept with its settings. */
export interface StationMemory {
  version?: OcppVersion;
  firmware?: string | null;
  /** Profiles it holds, each as the text of its layer. */
  installed?: Partial<Record<LayerName, string>>;
  /** When the profile of the online layer ends by itself. */
  leaseUntilMs?: number;
  /** The clock-aligned interval before an interval of 0 switched it off. */
  alignedSecondsBefore?: number;
}
