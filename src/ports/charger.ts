import type { ToldStop } from "../ocpp/station-state.ts";
import type { OcppVersion } from "../ocpp/version.ts";

export type RecordVersion = "OCPP1.6" | "OCPP2.0.1" | "OCPP2.1";

export type Runtime = "simulated" | "external";

export type SecurityProfile = 0 | 1 | 2 | 3;

export type RegistrationStatus = "Accepted" | "Pending" | "Rejected";

export interface ItemError {
  code: string;
  message: string;
  retryable: boolean;
}

export interface Charger {
  id: string;
  identity: string;
  name: string | null;
  vendorName: string | null;
  model: string | null;
  imageUrl: string | null;
  ocppVersion: RecordVersion | null;
  numberOfConnectors: number | null;
  /** W */
  maxChargingPower: number | null;
  connectorType: string | null;
  /** Null only for chargers registered over /api/v1. */
  locationId: string | null;
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

export type ProvisioningStatus = "PENDING" | "PROVISIONING" | "READY" | "FAILED";

export interface ChargerProvisioning {
  chargerId: string;
  status: ProvisioningStatus;
  workflowRunId: string | null;
  error: ItemError | null;
  provisionedAt: Date | null;
}

export interface ConnectorState {
  evseId: number;
  connectorId: number;
  /** OCPP 1.6 vocabulary. */
  status: string;
  errorCode: string;
  updatedAt: Date;
}

/** Two ends of one transaction; the first one holds. */
export interface StopConflict {
  transactionId: number;
  kept: ToldStop;
  told: ToldStop;
  receivedAt: Date;
}

/** A charger with the projection of its connection. */
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
  /** Its session had to be made anew, without the key that its station has. */
  isKeyLost: boolean;
  connectors: ConnectorState[];
  /** The newest; none where it is one of a list. */
  stopConflicts: StopConflict[];
}
