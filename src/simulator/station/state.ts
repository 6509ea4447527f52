import type { JsonObject } from "../../ocpp/json.ts";
import type { StationCommand } from "../../ocpp/station-event.ts";
import type { OcppVersion } from "../../ocpp/version.ts";
import type { Car } from "./car.ts";
import type { InstalledCertificate } from "./certificate.ts";
import type { Charge, ChargingState, TransactionMessage } from "./charge.ts";
import type { ChargingProfile } from "./charging-profile.ts";

/** Configuration of a station; it does not change while the station runs. */
export interface StationProfile {
  readonly identity: string;
  readonly version: OcppVersion;
  readonly vendor: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly firmwareVersion: string;
  /** Connectors are numbered from 1; in 2.x each is its own EVSE. */
  readonly connectors: number;
  readonly maxPowerW: number;
  readonly securityProfile: number;
}

/** A firmware update that is only reported: nothing is downloaded. */
export interface FirmwareUpdate {
  /** Request id; null: UpdateFirmware of 1.6, which has fewer statuses. */
  readonly requestId: number | null;
  readonly version: string;
  readonly stage: FirmwareStage;
  /** Start of the next stage, epoch ms. */
  readonly dueMs: number;
  /** Earliest installation, epoch ms. */
  readonly installAtMs?: number | undefined;
  readonly isSigned?: boolean;
}

/** How far an update has come, in the order of its steps. */
export type FirmwareStage =
  | "Waiting"
  | "DownloadScheduled"
  | "Downloading"
  | "Downloaded"
  | "SignatureVerified"
  | "InstallScheduled"
  | "Installing"
  | "InstallRebooting";

/** Status of a tag in the local list, until `expiresAtMs` (epoch ms); null: unlimited. */
export interface ListEntry {
  readonly status: string;
  readonly expiresAtMs: number | null;
  /** Parent id tag of 1.6, group id token of 2.x; absent: none. */
  readonly group?: string;
}

/** A fault of a connector, as an error code of 1.6. */
export interface Fault {
  readonly type: string;
  readonly info: string | null;
}

/** The local authorization list. */
export interface LocalList {
  readonly version: number;
  /** Entries by id tag in lower case; tags are case-insensitive. */
  readonly entries: Readonly<Record<string, ListEntry>>;
}

/** A log upload that is only reported: nothing is uploaded. */
export interface LogUpload {
  readonly action: "DiagnosticsStatusNotification" | "LogStatusNotification";
  readonly requestId: number | null;
  /** The last two are final, and stored until the status was reported. */
  readonly stage: "Waiting" | "Uploading" | "Uploaded" | "Failed";
}

/** A connector reserved for one id token until a time. */
export interface Reservation {
  readonly id: number;
  readonly connectorId: number;
  readonly idToken: string;
  readonly expiresAtMs: number;
  /** Any token of this group may use the connector; absent: none. */
  readonly group?: string;
}

/** State that survives a power cut, as small JSON. The host stores it when a step has the effect `remember`. */
export interface StationMemory {
  /** Changed settings by name; others have their default. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Inoperative connectors; 0: the whole station. */
  readonly inoperative: readonly number[];
  /** True: the last boot was accepted, and there was no power cut or restart since. */
  readonly booted: boolean;
  /** Heartbeat interval from the last accepted boot, or set since. */
  readonly heartbeatSeconds: number;
  /** Version of an installed update; null: that of the profile. */
  readonly firmwareVersion: string | null;
  readonly firmware: FirmwareUpdate | null;
  readonly log: LogUpload | null;
  /** Changes of availability that take effect when the transaction ends: connector number to whether it will be operative. */
  readonly scheduled: Readonly<Record<number, boolean>>;
  /** Charge of a connector, by its number. */
  readonly charges: Readonly<Record<number, Charge>>;
  /** Meter readings by connector, Wh. */
  readonly metersWh: Readonly<Record<number, number>>;
  /** Unconfirmed transaction messages, oldest first. */
  readonly backlog: readonly TransactionMessage[];
  /** Transaction ids of the central system in 1.6, by the internal id. */
  readonly transactionIds: Readonly<Record<string, number>>;
  readonly profiles: readonly ChargingProfile[];
  readonly localList: LocalList;
  readonly reservations: readonly Reservation[];
  /** Root certificates. */
  readonly certificates: readonly InstalledCertificate[];
  /** Cars that are plugged in, by connector. */
  readonly cars: Readonly<Record<number, Car>>;
  /** Faults by connector; 0: the whole station. */
  readonly faults: Readonly<Record<number, Fault>>;
  /** Authorization cache: what the central system said of a tag, by id tag in lower case. */
  readonly cache: Readonly<Record<string, ListEntry>>;
  /** Commands that wait for their turn, oldest first. */
  readonly commands: readonly StationCommand[];
  /** Messages of the display as SetDisplayMessage gave them (2.x). */
  readonly displayMessages: readonly JsonObject[];
}

/** Connector status as in 1.6; 2.x has fewer. */
export type ConnectorStatus =
  | "Available"
  | "Preparing"
  | "Charging"
  | "SuspendedEV"
  | "SuspendedEVSE"
  | "Finishing"
  | "Reserved"
  | "Unavailable"
  | "Faulted";

/** A CALL that waits to be sent. */
export interface CallPlan {
  readonly action: string;
  readonly payload: JsonObject;
  /** True: triggered by the central system; may be sent before the boot was accepted. */
  readonly triggered: boolean;
  /** Connector of a StatusNotification or Authorize; otherwise null. */
  readonly connectorId: number | null;
  /** True: the oldest message of the backlog, which stays there until it is confirmed. */
  readonly isBacklog: boolean;
}

/** The CALL that waits for its answer. */
export interface OutstandingCall extends CallPlan {
  readonly id: string;
}

/** Registration state; "none": no answer to a BootNotification yet. */
export type Registration = "none" | "pending" | "rejected" | "accepted";

/** A fault for the next CALL, requested by a DataTransfer. */
export interface Rehearsal {
  readonly fault: "Refused" | "CallError" | "Silence" | "Drop";
  /** Action that it applies to; null: the next CALL. */
  readonly action: string | null;
}

/** Whole state of a simulated station. Only `memory` survives a power cut. */
export interface StationState {
  readonly profile: StationProfile;
  readonly memory: StationMemory;
  readonly power: "off" | "on";
  readonly link: "down" | "dialing" | "up";
  /** Consecutive failed or lost connections without an accepted boot or an answer. */
  readonly failures: number;
  readonly registration: Registration;
  /** Reason of the next BootNotification (2.x BootReason); null: none is due. */
  readonly bootReason: string | null;
  /** Reason of a restart that is about to happen (2.x BootReason); null: none. */
  readonly restartReason: string | null;
  readonly outstanding: OutstandingCall | null;
  readonly queue: readonly CallPlan[];
  /** Last confirmed status by connector, as in the station's version. */
  readonly reported: Readonly<Record<number, string>>;
  /** True: the oldest transaction message failed and waits for its repeat. */
  readonly isBacklogPaused: boolean;
  /** Reason of a restart that waits until no transaction runs; null: none. */
  readonly resetWhenIdle: string | null;
  /** Time until which a restart waits for the delivery of transaction messages, epoch ms. */
  readonly restartByMs: number;
  /** Rehearsal of a fault that waits for its CALL. */
  readonly rehearsal: Rehearsal | null;
  /** Epoch ms since when it is offline; null: connected. */
  readonly offlineSinceMs: number | null;
}

export const FRESH_MEMORY: StationMemory = {
  configuration: {},
  inoperative: [],
  booted: false,
  heartbeatSeconds: 300,
  firmwareVersion: null,
  firmware: null,
  log: null,
  scheduled: {},
  charges: {},
  metersWh: {},
  backlog: [],
  transactionIds: {},
  profiles: [],
  localList: { version: 0, entries: {} },
  reservations: [],
  certificates: [],
  cars: {},
  faults: {},
  cache: {},
  commands: [],
  displayMessages: [],
};

/**
 * State of a station that is switched off. With an accepted last boot it connects again without a BootNotification,
 * because only its connection was lost (OCPP-J 1.6 §5.4).
 */
export function stationAtRest(profile: StationProfile, remembered: Partial<StationMemory>): StationState {
  // Memory stored by an older release lacks fields added since.
  const all = { ...FRESH_MEMORY, ...remembered };
  const backlog = all.backlog.filter(({ action }) => isSpoken(profile.version, action));
  const commands = all.commands.filter(({ isAwaited }) => !isAwaited);
  const memory = { ...all, backlog, commands };
  return {
    profile,
    memory,
    power: "off",
    link: "down",
    failures: 0,
    registration: memory.booted ? "accepted" : "none",
    bootReason: memory.booted ? null : "PowerUp",
    restartReason: null,
    outstanding: null,
    queue: [],
    reported: {},
    isBacklogPaused: false,
    resetWhenIdle: null,
    restartByMs: 0,
    rehearsal: null,
    offlineSinceMs: null,
  };
}

/** Whether a stored message exists in this version. */
function isSpoken(version: OcppVersion, action: string): boolean {
  return (action === "TransactionEvent") === (version !== "ocpp1.6");
}

/** Whether a connector is operative and no firmware is being installed. */
export function isInService({ firmware, inoperative }: StationMemory, connectorId: number): boolean {
  const isInstalling = firmware?.stage === "Installing" || firmware?.stage === "InstallRebooting";
  return !isInstalling && !inoperative.includes(0) && !inoperative.includes(connectorId);
}

/** Fault of a connector, otherwise of the station. */
export function faultOf({ faults }: StationMemory, connectorId: number): Fault | undefined {
  return faults[connectorId] ?? faults[0];
}

/** Status of a connector; 0: the station. */
export function statusOf(memory: StationMemory, connectorId: number): ConnectorStatus {
  const charge = memory.charges[connectorId];
  if (faultOf(memory, connectorId)) return "Faulted";
  if (charge?.stage === "charging") return stateOf(charge);
  if (charge) return charge.stage === "finishing" ? "Finishing" : "Preparing";
  if (!isInService(memory, connectorId)) return "Unavailable";
  if (memory.reservations.some((each) => each.connectorId === connectorId)) return "Reserved";
  return memory.cars[connectorId] ? "Preparing" : "Available";
}

/** How a running transaction charges. */
export function stateOf({ state, flow }: Charge): ChargingState {
  return state ?? (flow.amps > 0 ? "Charging" : "SuspendedEVSE");
}
