import type { JsonObject } from "../ocpp/json.ts";
import type { StationCommand } from "../ocpp/station-event.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type { ItemError, SecurityProfile, UnknownTagPolicy } from "./charger.ts";

/** Stations that one host runs. A charger keeps its host for life, so another number applies to new chargers only. */
export const STATIONS_PER_HOST = 64;

/** Configuration of a simulated station. */
export interface SimulatedStation {
  chargerId: string;
  organizationId: string;
  organizationSlug: string;
  identity: string;
  createdAtMs: number;
  version: OcppVersion;
  connectors: number;
  vendor: string;
  model: string;
  /** Rated power in W. */
  maxPowerW: number;
  /** Null: the OCPP socket of this deployment. */
  wsUrl: string | null;
  securityProfile: SecurityProfile;
  /** Passed on to its session; the station does not use it. */
  tagPolicy?: UnknownTagPolicy;
}

/** Result of `Simulators.start`. "failed": the charger fails with this error. */
export type StartOutcome =
  | { kind: "accepted" }
  /** No accepted boot within `waitMs`; the host goes on trying. Call `start` again. */
  | { kind: "waiting" }
  | { kind: "failed"; error: ItemError };

/** A command to one station. */
export interface AddressedCommand {
  chargerId: string;
  command: StationCommand;
}

/**
 * What became of a command. "queued": it had its effect or waits for its turn, also over a restart of the host. "full":
 * 32 commands wait already; "unknown": the host has no such station.
 */
export type CommandReceipt = "queued" | "stopped" | "notReady" | "full" | "unknown";

/** Result of a command that was waited for. "late": its turn did not come in time; "ignored": see `reason`. */
export type EventResult =
  | { kind: "done"; result: JsonObject | null }
  | { kind: "ignored"; reason: string }
  | { kind: "late" }
  | { kind: "refused"; receipt: Exclude<CommandReceipt, "queued"> };

/** Hosts of simulated stations. All methods throw Unavailable when the host cannot be reached. */
export interface Simulators {
  /** Provisions the session, starts the station and waits at most `waitMs` for its accepted boot. Idempotent. */
  start(hostName: string, station: SimulatedStation, waitMs: number): Promise<StartOutcome>;
  /**
   * Makes a station match the record: running or stopped, with this configuration. A restart token it has not seen
   * makes it reboot once. A station unknown to the host is added only when it should run. Idempotent.
   */
  reconcile(
    hostName: string,
    station: SimulatedStation,
    desired: { running: boolean; restartToken: string | null },
  ): Promise<void>;
  /** Queues one command for each of the stations, in one call; the receipts are in the same order. */
  command(hostName: string, commands: readonly AddressedCommand[]): Promise<CommandReceipt[]>;
  /** Queues a command and waits for its result. */
  commanded(hostName: string, command: AddressedCommand): Promise<EventResult>;
  /** Stops the station and deletes it. Idempotent. */
  remove(hostName: string, chargerId: string): Promise<void>;
}
