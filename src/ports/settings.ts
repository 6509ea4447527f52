import type { JsonObject } from "../ocpp/json.ts";
import type { LiveMeasurand } from "../ocpp/live-reading.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type { DesiredSettings, SettingName } from "../settings/desired.ts";
import type { SettingsLease } from "../settings/lease.ts";
import type { SettingOutcome } from "../settings/outcome.ts";
import type { StationMemory } from "../settings/station-memory.ts";
import type { ConnectorState } from "./charger.ts";

/** What became of one property. */
export interface SettingState {
  outcome: SettingOutcome;
  reported: number | null;
  effective: number | null;
  verified: boolean;
  detail: string | null;
  /** The revision that gave the property its present value. */
  revision: number;
  /** ISO 8601 */
  updatedAt: string;
  /** The value of the last time it was applied or emulated. */
  inForce: number | null;
  inForceAt: string | null;
  /** Connections after which the station still did not show a value it had stored for after a reboot. */
  reboots: number;
}

export interface ChargerSettings {
  revision: number;
  desired: DesiredSettings;
  states: Partial<Record<SettingName, SettingState>>;
  station: StationMemory;
  updatedAt: Date;
}

/** Meter values of one message. */
export interface MeterMessage {
  /** The OCPP list as it came. */
  meterValue: readonly JsonObject[];
  /** By the station's clock. */
  at: Date;
  receivedAt: Date;
}

/** A transaction that runs, with what its meter said last. */
export interface RunningCharge {
  /** `txn_` and a ULID. */
  id: string;
  /** Since its start; null while the meter is silent. */
  energyWh: number | null;
  /** The newest message that tells of each measurand. */
  newest: Partial<Record<LiveMeasurand, MeterMessage>>;
  /** When its meter was heard last. */
  updatedAt: Date;
}

/** A charger as the settings surface shows it. */
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

/** What a run needs to bring the settings of a charger to its station. */
export interface SettingsWork {
  chargerId: string;
  organizationSlug: string;
  identity: string;
  numberOfConnectors: number | null;
  settings: ChargerSettings;
}

/** What decides how a station takes its settings. */
export interface StationMark {
  version: OcppVersion;
  firmwareVersion: string | null;
}

/** Settings of a charger as its session has to know them. */
export interface SettingsNote {
  revision: number;
  /** The station that everything of this revision was brought to; null: something waits for the station. */
  settledFor: StationMark | null;
  /** What the session has to renew from now on; null: nothing. */
  lease: SettingsLease | null;
}

export type SettingResult = Partial<Omit<SettingState, "revision">>;

export type SettingsMerge =
  | { kind: "stored"; revision: number }
  | { kind: "unchanged" }
  | { kind: "unknown" }
  | { kind: "fuseLimit" };

export interface SettingsStore {
  /** One statement: changed properties become pending under a new revision, unless the fuse of the location forbids it. */
  merge(
    organizationId: string,
    chargerId: string,
    changes: DesiredSettings,
    now: Date,
  ): Promise<SettingsMerge>;
  view(organizationId: string, chargerId: string): Promise<SettingsView | null>;
  /** Null when the charger is gone or nothing was ever set. */
  work(chargerId: string): Promise<SettingsWork | null>;
  /** Results of a run that read `revision`: a property that changed since keeps its newer state. */
  record(
    chargerId: string,
    revision: number,
    results: Partial<Record<SettingName, SettingResult>>,
    station: StationMemory,
    /** When the sweeper may take it up again; null: never before the next update. */
    nextAt: Date | null,
  ): Promise<void>;
  /**
   * What waits for a minute though its charger is online, settled chargers that are other stations now, and leases that end
   * soon. Raises the attempt.
   */
  due(now: Date): Promise<Array<{ chargerId: string; revision: number; attempt: number }>>;
}
