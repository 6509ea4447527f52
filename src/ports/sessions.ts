import type { CredentialText } from "../credential-text.ts";
import type { ChargerCommand, CommandAnswer } from "../ocpp/commands.ts";
import type { CallOutcome } from "../ocpp/outcome.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type {
  DataTransferRow,
  JobStatusFact,
  MeterValuesFact,
  SecurityEventFact,
  StationEventFact,
  StopConflictFact,
  TransactionFact,
} from "./transactions.ts";
import type { SettingsNote } from "./settings.ts";
import type { ConnectorState, RegistrationStatus, SecurityProfile } from "./charger.ts";

/** The object's name is `<organizationSlug>/<identity>`; a given charger id must match the one it was provisioned for. */
export interface SessionRef {
  organizationSlug: string;
  identity: string;
  chargerId?: string;
}

/** Whether an organisation accepts id tags that nobody knows. */
export interface UnknownTagPolicy {
  acceptsUnknown: boolean;
  /** When it was read, by the clock of the database, epoch ms; 0: it was remembered somewhere. Of two the newer holds. */
  readAtMs: number;
}

export interface SessionProvision {
  chargerId: string;
  organizationId: string;
  /** Creation time of the charger row: a newer charger wipes what an older one left, an older one does nothing. */
  createdAtMs: number;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  /** Installed unless a credential exists; null for profiles without one. Plain text on this hop only. */
  authorizationKey: string | null;
  /** The same as digests, made earlier. */
  credential?: StoredCredential | null;
  /** What an unknown id tag is answered. Absent in what an older release left behind. */
  tagPolicy?: UnknownTagPolicy | null;
}

/**
 * Salted HMAC-SHA-256 of a key, twice: stations send the text of their key, or the bytes its hexadecimal digits stand for
 * (OCPP-J 1.6, 6.2.2).
 */
export interface KeyDigests {
  text: Uint8Array;
  /** Null when the key is no even number of hexadecimal digits. */
  bytes: Uint8Array | null;
}

/** A key on its way to the station. `anyLogin`: nobody knows which one the station has, the next login tells. */
export interface OfferedKey extends KeyDigests {
  settledBy: "nextLogin" | "anyLogin";
}

export interface StoredCredential {
  salt: Uint8Array;
  current: KeyDigests;
  /** Oldest first: until one of them is settled the station may hold any. */
  offered: OfferedKey[];
  /** The newest of `offered`: the version that knew one such key looks for it here. */
  next: OfferedKey | null;
}

export interface SessionSnapshot {
  chargerId: string;
  organizationId: string;
  online: boolean;
  version: OcppVersion | null;
  generation: number;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  vendor: string | null;
  model: string | null;
  serialNumber: string | null;
  firmwareVersion: string | null;
  connectedAtMs: number | null;
  lastMessageAtMs: number | null;
  /** How far the station's clock is off, ahead is positive; 0: right within a minute, or not known. */
  clockOffMs: number;
  /** Until when no connection is taken, for there were too many at once; null: they are. */
  quarantinedUntilMs: number | null;
  connectors: Array<Omit<ConnectorState, "updatedAt"> & { updatedAtMs: number }>;
  /** Those that run. */
  transactions: RunningTransaction[];
}

export interface RunningTransaction {
  /** The integer we assigned. */
  transactionId: number;
  /** The connector of a 1.6 station. */
  evseId: number;
}

/** Milliseconds; where it depends on the OCPP version, that of the connection decides. */
export type CommandTimeout = number | Readonly<Record<OcppVersion, number>>;

/** What became of a command: the station's answer in neutral words, or why there is none. */
export type CommandOutcome =
  | { kind: "answered"; answer: CommandAnswer; version: OcppVersion }
  | Exclude<CallOutcome, { kind: "answered" }>;

export type RotationStatus =
  | "accepted"
  | "reboot_required"
  | "rejected"
  | "not_supported"
  | "stored"
  | "unknown";

export interface FrameQuery {
  startMs: number | null;
  endMs: number | null;
  /** OCPP action, compared without case. */
  action: string | null;
  limit: number;
  offset: number;
}

export interface FrameRow {
  direction: "cp_to_csms" | "csms_to_cp";
  action: string | null;
  message: string;
  atMs: number;
}

export interface Sessions {
  /**
   * Provisions a charger that waits for its hardware: its session comes to be when it is needed for the first time. The same
   * charger again changes nothing, of two chargers of one identity the newer stays.
   */
  prepare(ref: SessionRef, input: SessionProvision): Promise<void>;
  /**
   * For a session that may be lost: it takes this when it is needed the next time. One that is there stays as it is.
   */
  restore(ref: SessionRef, input: SessionProvision): Promise<void>;
  /** Digests of a key, for `SessionProvision`. */
  newCredential(authorizationKey: string): Promise<StoredCredential>;
  /** Gives a session what was prepared for it. False when nothing was. */
  adopt(ref: SessionRef): Promise<boolean>;
  provision(ref: SessionRef, input: SessionProvision): Promise<{ created: boolean }>;
  command(ref: SessionRef, command: ChargerCommand, timeoutMs: CommandTimeout): Promise<CommandOutcome>;
  /**
   * Lets the next connection of the station ask for settings that wait, and for settled ones when it is another station
   * by then. An older revision changes nothing. False when not provisioned.
   */
  noteSettings(ref: SessionRef, note: SettingsNote): Promise<boolean>;
  /** Null when the object was never provisioned (or for another charger id). */
  snapshot(ref: SessionRef): Promise<SessionSnapshot | null>;
  /** Sends the new key to a connected station, or stores it for its next login; null when not provisioned. */
  rotateAuthorizationKey(ref: SessionRef, newKey: string): Promise<RotationStatus | null>;
  /** Newest first; null when not provisioned. */
  frames(ref: SessionRef, query: FrameQuery): Promise<{ rows: FrameRow[]; total: number } | null>;
  /** Adds frames that the station exchanged with another central system. False when not provisioned. */
  appendFrames(ref: SessionRef, frames: FrameRow[]): Promise<boolean>;
  /** Sets the answer to the next boot; a waiting station is asked to boot again. False when not provisioned. */
  setRegistration(ref: SessionRef, status: RegistrationStatus): Promise<boolean>;
  /** Tells a session that exists. False when it does not. */
  setTagPolicy(ref: SessionRef, policy: UnknownTagPolicy): Promise<boolean>;
  /** The same for all chargers of an organisation that wait for their hardware. */
  setPreparedTagPolicy(organizationSlug: string, policy: UnknownTagPolicy): Promise<void>;
  /** The newest vendor messages of both directions, newest first; null when not provisioned. */
  dataTransfers(ref: SessionRef, limit: number): Promise<DataTransferRow[] | null>;
  /** A host has ended the line of its station by `atMs`: a newer line stays. False when not provisioned. Idempotent. */
  hangUp(ref: SessionRef, atMs: number): Promise<boolean>;
  /** The charger is gone or failed: closes its socket (4004), flushes the outbox, wipes the object. Idempotent. */
  retire(ref: SessionRef & { chargerId: string }): Promise<void>;
}

/** One row of a session's outbox on its way to Postgres. `at` is the station-independent receive time. */
export type SessionFact =
  | { type: "connection"; online: boolean; ocppVersion: OcppVersion | null }
  | {
      type: "boot";
      vendor: string;
      model: string;
      serialNumber: string | null;
      firmwareVersion: string | null;
    }
  | { type: "connector"; evseId: number; connectorId: number; status: string; errorCode: string }
  | { type: "seen" }
  /** Which keys its session takes from now on, in the words of `CredentialText`. */
  | { type: "credential"; credential: CredentialText }
  /** The online layer of the station's settings was renewed. */
  | { type: "lease"; untilMs: number }
  | ({ type: "transaction" } & TransactionFact)
  | ({ type: "meterValues" } & MeterValuesFact)
  | ({ type: "stopConflict" } & StopConflictFact)
  | ({ type: "securityEvent" } & SecurityEventFact)
  | ({ type: "stationEvent" } & StationEventFact)
  | ({ type: "jobStatus" } & JobStatusFact)
  | ({ type: "dataTransfer" } & Omit<DataTransferRow, "atMs">);

export interface SessionFactRow {
  chargerId: string;
  generation: number;
  atMs: number;
  fact: SessionFact;
}
