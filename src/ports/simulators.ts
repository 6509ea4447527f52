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
  /** Stops the station and deletes it. Idempotent. */
  remove(hostName: string, chargerId: string): Promise<void>;
}
