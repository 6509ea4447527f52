import type { ToldStop } from "../ocpp/station-state.ts";
import type { OcppVersion } from "../ocpp/version.ts";

/** OCPP version as the `/ocpp` surface and the database spell it. */
export type RecordVersion = "OCPP1.6" | "OCPP2.0.1" | "OCPP2.1";

/** Who is the station: a state machine in a `SimulatorHost`, or hardware that connects by itself. */
export type Runtime = "simulated" | "external";

/** OCPP security profile; 0: no authentication. */
export type SecurityProfile = 0 | 1 | 2 | 3;

/** Status in the answer to a BootNotification (OCPP 1.6 §4.2). */
export type RegistrationStatus = "Accepted" | "Pending" | "Rejected";

/** Why one charger of a job failed. `retryable` true: a retry of the job provisions it again. */
export interface ItemError {
  code: string;
  message: string;
  retryable: boolean;
}

/** A charger as `/ocpp` shows it. */
export interface Charger {
  id: string;
  identity: string;
  name: string | null;
  /** From the catalog model; what the station itself reports is in `ConnectedCharger`. */
  vendorName: string | null;
  model: string | null;
  imageUrl: string | null;
  ocppVersion: RecordVersion | null;
  numberOfConnectors: number | null;
  /** Rated power in W. */
  maxChargingPower: number | null;
  connectorType: string | null;
  /** Null only for chargers registered over /api/v1. */
  locationId: string | null;
  /** Increased by one with every change of the row; the ETag is made from it. */
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

/** PENDING: stored, job not dispatched. PROVISIONING: dispatched. READY and FAILED are final. */
export type ProvisioningStatus = "PENDING" | "PROVISIONING" | "READY" | "FAILED";

/** Provisioning state of one charger. `provisionedAt` is set once it is READY. */
export interface ChargerProvisioning {
  chargerId: string;
  status: ProvisioningStatus;
  workflowRunId: string | null;
  error: ItemError | null;
  provisionedAt: Date | null;
}

/** Last StatusNotification of a connector. */
export interface ConnectorState {
  evseId: number;
  connectorId: number;
  /** ChargePointStatus of OCPP 1.6; statuses of 2.x are converted. */
  status: string;
  errorCode: string;
  updatedAt: Date;
}

/** Two different ends reported for one transaction. `kept` was reported first and is the valid one. */
export interface StopConflict {
  transactionId: number;
  kept: ToldStop;
  told: ToldStop;
  receivedAt: Date;
}

/** A charger with the last state its session wrote to Postgres, up to a flush (seconds) behind the session. */
export interface ConnectedCharger {
  id: string;
  identity: string;
  name: string | null;
  location: string | null;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  registeredAt: Date;
  online: boolean;
  ocppVersion: OcppVersion | null;
  vendor: string | null;
  model: string | null;
  serialNumber: string | null;
  firmwareVersion: string | null;
  lastMessageAt: Date | null;
  /**
   * True: the session was created again without the authorization key of the station, so the station cannot log in.
   */
  isKeyLost: boolean;
  connectors: ConnectorState[];
  /** The newest ten; always empty in lists. */
  stopConflicts: StopConflict[];
}

/** What an organisation decides for its id tags. */
export interface UnknownTagPolicy {
  /** Whether a tag that is not stored anywhere may charge. */
  acceptsUnknown: boolean;
  /** How long stations may keep an answer about a tag. Absent, as in data stored by older releases, or null: no limit. */
  cacheSeconds?: number | null;
  /** Group of the tags that may stop any transaction. Absent or null: none. */
  masterPassGroupId?: string | null;
  /**
   * Epoch ms by the database's clock at which it was read; 0: from a cache, age unknown. Of two policies the newer
   * one is used.
   */
  readAtMs: number;
}

/** Everything a provisioning step reads of its charger. */
export interface ProvisioningWork {
  chargerId: string;
  /** Null: the charger was registered over /api/v1. */
  jobId: string | null;
  organizationId: string;
  organizationSlug: string;
  identity: string;
  createdAt: Date;
  ocppVersion: RecordVersion | null;
  numberOfConnectors: number | null;
  maxChargingPower: number | null;
  vendorName: string | null;
  model: string | null;
  wsUrl: string | null;
  runtime: Runtime;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  /** Name of the `SimulatorHost` object; null: external. */
  simulatorHost: string | null;
  /** 1: the simulated station should run; 0: it should be stopped. */
  desiredCount: number;
  tagPolicy: UnknownTagPolicy;
}
