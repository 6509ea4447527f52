import type { JsonObject } from "../../ocpp/json.ts";
import type { OcppVersion } from "../../ocpp/version.ts";
import type { InstalledCertificate } from "./certificate.ts";
import type { Charge, TransactionMessage } from "./charge.ts";
import type { ChargingProfile } from "./charging-profile.ts";

/** What a station is; never changes while it runs. */
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

/** An update that is told about and never fetched: the address is not opened. */
export interface FirmwareUpdate {
  /** Null for the UpdateFirmware of 1.6, which has fewer words for its stages. */
  readonly requestId: number | null;
  readonly version: string;
  readonly stage: FirmwareStage;
  /** When the next stage begins, epoch ms. */
  readonly dueMs: number;
  /** Not to be installed before, epoch ms. */
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

export interface ListEntry {
  readonly status: string;
  readonly expiresAtMs: number | null;
}

/** Id tags that the central system sent to be judged without it. */
export interface LocalList {
  readonly version: number;
  /** By id tag in lower case: tags are compared without regard to case. */
  readonly entries: Readonly<Record<string, ListEntry>>;
}

/** An upload that is told about and never happens: the address is not opened. */
export interface LogUpload {
  readonly action: "DiagnosticsStatusNotification" | "LogStatusNotification";
  readonly requestId: number | null;
  /** The last two are over, and kept until the central system has heard of it. */
  readonly stage: "Waiting" | "Uploading" | "Uploaded" | "Failed";
}

/** A connector that is kept for one id token until a time. */
export interface Reservation {
  readonly id: number;
  readonly connectorId: number;
  readonly idToken: string;
  readonly expiresAtMs: number;
}

/** What a station keeps over a power cut. Small JSON; written by the host whenever a step says `remember`. */
export interface StationMemory {
  /** Settings that differ from their defaults, by setting name. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Connectors taken out of service; 0 is the whole station. */
  readonly inoperative: readonly number[];
  /** The central system accepted the last boot; a power cut or restart since makes it false. */
  readonly booted: boolean;
  /** Given with the last accepted boot, or set since. */
  readonly heartbeatSeconds: number;
  /** Installed since the station left its factory; null: what its profile says. */
  readonly firmwareVersion: string | null;
  readonly firmware: FirmwareUpdate | null;
  readonly log: LogUpload | null;
  /** Changes of availability that wait for a transaction to end: connector to operative or not. */
  readonly scheduled: Readonly<Record<number, boolean>>;
  /** What goes on at a connector, by its number. */
  readonly charges: Readonly<Record<number, Charge>>;
  /** Meter readings by connector, Wh. */
  readonly metersWh: Readonly<Record<number, number>>;
  /** Transaction messages the central system has not confirmed yet, oldest first. */
  readonly backlog: readonly TransactionMessage[];
  /** 1.6: the numbers the central system gave, by the station's own name of the transaction. */
  readonly transactionIds: Readonly<Record<string, number>>;
  readonly profiles: readonly ChargingProfile[];
  readonly localList: LocalList;
  readonly reservations: readonly Reservation[];
  /** Root certificates. */
  readonly certificates: readonly InstalledCertificate[];
}

/** In the words of 1.6; 2.x knows fewer. */
export type ConnectorStatus =
  | "Available"
  | "Preparing"
  | "Charging"
  | "SuspendedEVSE"
  | "Finishing"
  | "Reserved"
  | "Unavailable";

export interface CallPlan {
  readonly action: string;
  readonly payload: JsonObject;
  /** Asked for by the central system: may be sent before the boot was accepted. */
  readonly triggered: boolean;
  /** The connector a StatusNotification reports or an Authorize is for, else null. */
  readonly connectorId: number | null;
  /** The oldest message of the backlog, which stays there until it is confirmed. */
  readonly isBacklog: boolean;
}

export interface OutstandingCall extends CallPlan {
  readonly id: string;
}

export type Registration = "none" | "pending" | "rejected" | "accepted";

/** A fault that a DataTransfer asked for: what goes wrong with the next CALL. */
export interface Rehearsal {
  readonly fault: "Refused" | "CallError" | "Silence" | "Drop";
  /** The action it is kept for; null: whatever comes next. */
  readonly action: string | null;
}

export interface StationState {
  readonly profile: StationProfile;
  readonly memory: StationMemory;
  readonly power: "off" | "on";
  readonly link: "down" | "dialing" | "up";
  /** Dials or sockets lost in a row without an accepted boot or an answer between. */
  readonly failures: number;
  readonly registration: Registration;
  /** Why the next BootNotification is sent, in the words of OCPP 2.x; null when none is due. */
  readonly bootReason: string | null;
  /** A restart that was promised and is about to happen: its reason, in the words of 2.x. */
  readonly restartReason: string | null;
  readonly outstanding: OutstandingCall | null;
  readonly queue: readonly CallPlan[];
  /** Last status the central system confirmed, by connector, in the words of the version. */
  readonly reported: Readonly<Record<number, string>>;
  /** The oldest transaction message failed and waits for its next try. */
  readonly isBacklogPaused: boolean;
  /** Restart as soon as no transaction runs; its reason as in `restartReason`. */
  readonly resetWhenIdle: string | null;
  /** Until then a restart waits for transaction messages to be delivered, epoch ms. */
  readonly restartByMs: number;
  /** A fault that was asked for, until the CALL it is for. */
  readonly rehearsal: Rehearsal | null;
  /** Epoch ms; null while the line is up. */
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
};

/**
 * A station that is switched off. One whose last boot was accepted never lost power, only its line: it connects again
 * without a BootNotification (OCPP-J 1.6 5.4).
 */
export function stationAtRest(profile: StationProfile, remembered: Partial<StationMemory>): StationState {
  // A memory written by an older release lacks what was added since.
  const all = { ...FRESH_MEMORY, ...remembered };
  const memory = { ...all, backlog: all.backlog.filter(({ action }) => isSpoken(profile.version, action)) };
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

/** What waits in the words of one version cannot be said in another. */
function isSpoken(version: OcppVersion, action: string): boolean {
  return (action === "TransactionEvent") === (version !== "ocpp1.6");
}

/** Operative, and not of a station that installs its firmware. */
export function isInService({ firmware, inoperative }: StationMemory, connectorId: number): boolean {
  const isInstalling = firmware?.stage === "Installing" || firmware?.stage === "InstallRebooting";
  return !isInstalling && !inoperative.includes(0) && !inoperative.includes(connectorId);
}

/** Connector 0 is the station itself. */
export function statusOf(memory: StationMemory, connectorId: number): ConnectorStatus {
  const charge = memory.charges[connectorId];
  if (charge?.stage === "charging") return charge.flow.amps > 0 ? "Charging" : "SuspendedEVSE";
  if (charge) return charge.stage === "finishing" ? "Finishing" : "Preparing";
  if (!isInService(memory, connectorId)) return "Unavailable";
  return memory.reservations.some((each) => each.connectorId === connectorId) ? "Reserved" : "Available";
}
