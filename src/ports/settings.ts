import type { JsonObject } from "../ocpp/json.ts";
import type { LiveMeasurand } from "../ocpp/live-reading.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type { DesiredSettings, SettingName } from "../settings/desired.ts";
import type { Layer, LayerName } from "../settings/profiles.ts";
import type { ConnectorState } from "./charger.ts";

/**
 * Outcome of a setting, as the settings surface shows it. "emulated": the station has no such function, Busbar does
 * it.
 */
export type SettingOutcome =
  | "pending"
  | "applied"
  | "reboot_required"
  | "rejected"
  | "unsupported"
  | "emulated";

/** Outcome of one setting. */
export interface SettingState {
  outcome: SettingOutcome;
  /** Value that the station reported when it was read back; null: not read back. */
  reported: number | null;
  /** Value that was sent to the station, after rounding and limits; null: none. */
  effective: number | null;
  /** True: the station confirmed the value by read-back. */
  verified: boolean;
  detail: string | null;
  /** Revision of the settings that set the current value. */
  revision: number;
  /** ISO 8601 */
  updatedAt: string;
  /** Last value that was applied or emulated. */
  inForce: number | null;
  inForceAt: string | null;
  /** Number of connections after which the station did not yet report a value that needs a reboot. */
  reboots: number;
}

/** Limits of running transactions, as text, by connector. */
export type TransactionLimits = Record<string, string>;

/** What was written to a station and is known of it, stored with its settings. */
export interface StationMemory {
  version?: OcppVersion;
  firmware?: string | null;
  /** Installed profiles, each as the text of its layer (`signature`). */
  installed?: Partial<Record<LayerName, string>>;
  /** Whether it can switch from three phases to one during a transaction. */
  canSwitchPhases?: boolean;
  /** Limits of running transactions of a 1.6 station. */
  limits?: TransactionLimits;
  /** When the lease of the online limit ends, epoch ms. */
  leaseUntilMs?: number;
  /** Clock-aligned interval in seconds before it was switched off. */
  alignedSecondsBefore?: number;
}

/** Desired settings of a charger, the outcome of each, and what is known of its station. */
export interface ChargerSettings {
  revision: number;
  desired: DesiredSettings;
  states: Partial<Record<SettingName, SettingState>>;
  station: StationMemory;
  updatedAt: Date;
}

/** One MeterValues list of a station. */
export interface MeterMessage {
  /** The OCPP `meterValue` list, unchanged. */
  meterValue: readonly JsonObject[];
  /** Time by the station's clock. */
  at: Date;
  receivedAt: Date;
}

/** A running transaction with its newest meter values. */
export interface RunningCharge {
  /** `txn_` and a ULID. */
  id: string;
  /** Energy since its start in Wh; null: no meter value yet. */
  energyWh: number | null;
  /** For each measurand the newest message that contains it. */
  newest: Partial<Record<LiveMeasurand, MeterMessage>>;
  /** Time of the last meter value. */
  updatedAt: Date;
}

/** Everything the settings surface shows of a charger. */
export interface SettingsView {
  chargerId: string;
  identity: string;
  name: string | null;
  createdAt: Date;
  vendor: string | null;
  model: string | null;
  location: { id: string; name: string } | null;
  connection: {
    online: boolean;
    ocppVersion: string | null;
    serialNumber: string | null;
    firmwareVersion: string | null;
    updatedAt: Date;
  } | null;
  connectors: ConnectorState[];
  charge: RunningCharge | null;
  settings: ChargerSettings | null;
}

/** Everything a settings run reads of its charger. */
export interface SettingsWork {
  chargerId: string;
  organizationSlug: string;
  identity: string;
  numberOfConnectors: number | null;
  settings: ChargerSettings;
}

/** OCPP version and firmware of a station. Settings are settled for one such pair; another pair needs a new run. */
export interface StationMark {
  version: OcppVersion;
  firmwareVersion: string | null;
}

/**
 * The online limit of a station that cannot detect by itself that it is offline: a profile that expires, and is
 * renewed while the station is connected.
 */
export interface SettingsLease {
  version: OcppVersion;
  online: Layer;
  canSwitchPhases: boolean;
  renewAtMs: number;
}

/** What a session keeps of the settings of its charger. */
export interface SettingsNote {
  revision: number;
  /** Station to which all settings of this revision were brought; null: some still wait for the station. */
  settledFor: StationMark | null;
  /** Lease that the session renews; null: none. */
  lease: SettingsLease | null;
}

/** Fields of `SettingState` that a run sets; absent: unchanged. */
export type SettingResult = Partial<Omit<SettingState, "revision">>;

/**
 * Result of `SettingsStore.merge`. "unknown": no such charger. "fuseLimit": the overrides of the location would
 * exceed its fuse; nothing was stored.
 */
export type SettingsMerge =
  | { kind: "stored"; revision: number }
  | { kind: "unchanged" }
  | { kind: "unknown" }
  | { kind: "fuseLimit" };

/** Storage of desired settings and their outcomes. */
export interface SettingsStore {
  /** Stores changed values under a new revision, with outcome pending, in one statement. */
  merge(
    organizationId: string,
    chargerId: string,
    changes: DesiredSettings,
    now: Date,
  ): Promise<SettingsMerge>;
  /** Null: no such charger. */
  view(organizationId: string, chargerId: string): Promise<SettingsView | null>;
  /** Null: the charger is deleted, or has no settings. */
  work(chargerId: string): Promise<SettingsWork | null>;
  /**
   * Stores the results of a run that had read `revision`. A setting that was changed since keeps its newer state.
   * `nextAt`: when the sweeper starts another run; null: not before the next update.
   */
  record(
    chargerId: string,
    revision: number,
    results: Partial<Record<SettingName, SettingResult>>,
    station: StationMemory,
    nextAt: Date | null,
  ): Promise<void>;
  /**
   * Chargers that need a settings run: online with settings pending for a minute, connected with another firmware or
   * version than they were settled for, or with a lease that ends soon. Raises their attempt.
   */
  due(now: Date): Promise<Array<{ chargerId: string; revision: number; attempt: number }>>;
}
