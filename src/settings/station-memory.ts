import type { OcppVersion } from "../ocpp/version.ts";
import type { LayerName } from "./profiles.ts";
import type { TransactionLimits } from "./transaction-limit.ts";

/** What we wrote into a station and know of it, kept with its settings. */
export interface StationMemory {
  version?: OcppVersion;
  firmware?: string | null;
  /** Profiles it holds, each as the text of its layer. */
  installed?: Partial<Record<LayerName, string>>;
  /** From three phases to one while a transaction runs. */
  canSwitchPhases?: boolean;
  /** What running transactions of a 1.6 station are limited to. */
  limits?: TransactionLimits;
  /** When the profile of the online layer ends by itself. */
  leaseUntilMs?: number;
  /** The clock-aligned interval before an interval of 0 switched it off. */
  alignedSecondsBefore?: number;
}
