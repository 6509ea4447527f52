import type { OcppVersion } from "../ocpp/version.ts";
import type { ItemError, SecurityProfile } from "./charger.ts";
import type { UnknownTagPolicy } from "./sessions.ts";

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
  /** W */
  maxPowerW: number;
  /** Null: this deployment's own socket. */
  wsUrl: string | null;
  securityProfile: SecurityProfile;
  /** For its session; of no meaning for the station itself. */
  tagPolicy?: UnknownTagPolicy;
}

export type StartOutcome =
  | { kind: "accepted" }
  /** Not accepted within the wait; the host keeps trying, ask again. */
  | { kind: "waiting" }
  | { kind: "failed"; error: ItemError };

export interface Simulators {
  /** Idempotent: provisions the session, starts the station and waits at most `waitMs` for its accepted boot. */
  start(hostName: string, station: SimulatedStation, waitMs: number): Promise<StartOutcome>;
  /**
   * Brings a known station to what the record says: running or stopped, with this configuration. A new restart token
   * makes it reboot once. A station the host does not know is taken over only when it should run.
   */
  reconcile(
    hostName: string,
    station: SimulatedStation,
    desired: { running: boolean; restartToken: string | null },
  ): Promise<void>;
  /** Forgets the station. Idempotent. */
  remove(hostName: string, chargerId: string): Promise<void>;
}
