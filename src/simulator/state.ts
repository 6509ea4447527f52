import type { JsonObject } from "../ocpp/json.ts";
import type { OcppVersion } from "../ocpp/version.ts";

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
}

export type ConnectorStatus = "Available" | "Unavailable";

export interface CallPlan {
  readonly action: string;
  readonly payload: JsonObject;
  /** Asked for by the central system: may be sent before the boot was accepted. */
  readonly triggered: boolean;
  /** The connector a StatusNotification reports, else null. */
  readonly connectorId: number | null;
}

export interface OutstandingCall extends CallPlan {
  readonly id: string;
}

export type Registration = "none" | "pending" | "rejected" | "accepted";

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
  /** Last status the central system confirmed, by connector. */
  readonly reported: Readonly<Record<number, ConnectorStatus>>;
}

export const FRESH_MEMORY: StationMemory = {
  configuration: {},
  inoperative: [],
  booted: false,
  heartbeatSeconds: 300,
};

/**
 * A station that is switched off. One whose last boot was accepted never lost power, only its line: it connects again
 * without a BootNotification (OCPP-J 1.6 5.4).
 */
export function stationAtRest(profile: StationProfile, memory: StationMemory): StationState {
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
    reported: memory.booted ? currentStatuses(profile, memory) : {},
  };
}

/** Connector 0 is the station itself. */
export function statusOf(memory: StationMemory, connectorId: number): ConnectorStatus {
  const isOut = memory.inoperative.includes(0) || memory.inoperative.includes(connectorId);
  return isOut ? "Unavailable" : "Available";
}

function currentStatuses(profile: StationProfile, memory: StationMemory): Record<number, ConnectorStatus> {
  const statuses: Record<number, ConnectorStatus> = {};
  for (let id = 0; id <= profile.connectors; id++) statuses[id] = statusOf(memory, id);
  return statuses;
}
