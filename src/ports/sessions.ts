import type { CredentialText } from "../credential-text.ts";
import type { ChargerCommand, CommandAnswer, HeldReservation } from "../ocpp/commands.ts";
import type { CallOutcome } from "../ocpp/call-queue.ts";
import type { JsonObject } from "../ocpp/json.ts";
import type { OcppVersion } from "../ocpp/version.ts";
import type {
  DataTransferRow,
  JobStatusFact,
  MeterValuesFact,
  SecurityEventFact,
  StationEventFact,
  StopConflictFact,
  ReservationFact,
  TransactionFact,
} from "./transactions.ts";
import type { SettingsNote } from "./settings.ts";
import type { ConnectorState, RegistrationStatus, SecurityProfile, UnknownTagPolicy } from "./charger.ts";
import type { StoredCredential } from "./credential.ts";

/**
 * Address of a session. Its object is named `<organizationSlug>/<identity>`. With `chargerId` set, a session that was
 * provisioned for another charger counts as not provisioned.
 */
export interface SessionRef {
  organizationSlug: string;
  identity: string;
  chargerId?: string;
}

/** What a session is provisioned with. */
export interface SessionProvision {
  chargerId: string;
  organizationId: string;
  /**
   * Creation time of the charger's row. A session of an older charger with the same identity is wiped first;
   * provisioning for an older charger than the session's does nothing.
   */
  createdAtMs: number;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  /**
   * Authorization key in plain text, digested and dropped by the session. Ignored when the session has a credential;
   * null: a profile without a key.
   */
  authorizationKey: string | null;
  /** Digests of the key, for callers that do not have its plain text. */
  credential?: StoredCredential | null;
  /** Answer to unknown id tags. Absent in data stored by older releases. */
  tagPolicy?: UnknownTagPolicy | null;
  /** Generation of the last connection that Postgres knows: those of the new session continue above it. Absent: none is known. */
  generation?: number;
}

/** State of a session, read from its object. */
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
  /** Offset of the station's clock in ms; positive is ahead. 0: within a minute, or not known. */
  clockOffMs: number;
  /** Epoch ms until which new connections are refused after repeated takeovers; null: not quarantined. */
  quarantinedUntilMs: number | null;
  connectors: Array<Omit<ConnectorState, "updatedAt"> & { updatedAtMs: number }>;
  /** Transactions currently running. */
  transactions: RunningTransaction[];
  /** Reservations that the station holds, or was asked for and has not answered. */
  reservations: ActiveReservation[];
}

/** A reservation that a station holds. */
export type ActiveReservation = HeldReservation;

/** A transaction that was started and not stopped. */
export interface RunningTransaction {
  /** Transaction id that the session assigned; unique in the organisation. */
  transactionId: number;
  /** EVSE of a 2.x station, connector of a 1.6 station. */
  evseId: number;
}

/**
 * Deadline of a command in ms, for waiting in the queue and for the answer together; either one value or one per OCPP
 * version.
 */
export type CommandTimeout = number | Readonly<Record<OcppVersion, number>>;

/** Result of a command: the station's answer, independent of the OCPP version, or the reason why there is none. */
export type CommandOutcome =
  /** `messageId`: that of the CALL, of a raw command only. */
  | { kind: "answered"; answer: CommandAnswer; version: OcppVersion; messageId?: string }
  | Exclude<CallOutcome, { kind: "answered" }>;

/**
 * A command that is queued and not waited for. "stopRunning" stops the transaction of an EVSE, or the one with an id:
 * a number of ours, or the id of a 2.x station.
 */
export type PostedCommand =
  | ChargerCommand
  | {
      readonly kind: "stopRunning";
      readonly evseId: number;
      readonly transactionId: number | string | null;
    };

/** What became of a posted command. "noTransaction": none runs that fits. */
export type PostReceipt = "queued" | "offline" | "notAccepted" | "busy" | "noTransaction";

/**
 * Result of an authorization key rotation: the station's answer, or "stored": the station is offline and the key is
 * valid from its next login on. "unknown": the station may have either key.
 */
export type RotationStatus =
  | "accepted"
  | "reboot_required"
  | "rejected"
  | "not_supported"
  | "stored"
  | "unknown";

/** Selection of logged frames. `startMs` and `endMs` are epoch ms; null: no condition. */
export interface FrameQuery {
  startMs: number | null;
  endMs: number | null;
  /** OCPP action, compared case-insensitively; null: all. */
  action: string | null;
  limit: number;
  offset: number;
}

/** One logged OCPP frame, secrets redacted. `message` is the frame as JSON text. */
export interface FrameRow {
  direction: "cp_to_csms" | "csms_to_cp";
  action: string | null;
  message: string;
  atMs: number;
}

/** A report that a station sent in messages of their own, as far as it has come. */
export interface OcppReport {
  requestId: number;
  /** Action of the request. */
  action: string;
  /** The last part has come, and none is missing. */
  complete: boolean;
  /** Numbers of the parts that are missing, once the last one has come; at most 100. */
  missing: number[];
  /** Payloads of the messages in their order, secrets masked. */
  parts: JsonObject[];
}

/** Sessions of charge points. All methods throw Unavailable when the object cannot be reached. */
export interface Sessions {
  /**
   * Stores what an external charger is provisioned with, without creating its session: the session takes it when it
   * is first needed (`adopt`). Idempotent; of two chargers with one identity the newer one is kept.
   */
  prepare(ref: SessionRef, input: SessionProvision): Promise<void>;
  /** Like `prepare`, for a session that may be lost. An existing session is not changed. */
  restore(ref: SessionRef, input: SessionProvision): Promise<void>;
  /** Makes the digests of an authorization key, for `SessionProvision.credential`. */
  newCredential(authorizationKey: string): Promise<StoredCredential>;
  /** Provisions a session with what `prepare` stored. False: nothing was stored for it. */
  adopt(ref: SessionRef): Promise<boolean>;
  /**
   * Provisions a session. `created` false: it was provisioned for this charger before, or is of a newer charger.
   * Idempotent.
   */
  provision(ref: SessionRef, input: SessionProvision): Promise<{ created: boolean }>;
  /** Sends a command and waits for its result. Commands of one session are sent one at a time, in order. */
  command(ref: SessionRef, command: ChargerCommand, timeoutMs: CommandTimeout): Promise<CommandOutcome>;
  /** Queues a command for a connected station without waiting for its answer. Null: not provisioned. */
  post(ref: SessionRef, command: PostedCommand, timeoutMs: number): Promise<PostReceipt | null>;
  /**
   * Tells a session whether settings wait for its station, and for which firmware and version the others were
   * settled. The session starts a settings run when it is needed. An older revision changes nothing. False: not
   * provisioned.
   */
  noteSettings(ref: SessionRef, note: SettingsNote): Promise<boolean>;
  /** Null: not provisioned. */
  snapshot(ref: SessionRef): Promise<SessionSnapshot | null>;
  /** Sends a new key to a connected station, or stores it for the next login. Null: not provisioned. */
  rotateAuthorizationKey(ref: SessionRef, newKey: string): Promise<RotationStatus | null>;
  /** Logged frames, newest first, and the total number that match. Null: not provisioned. */
  frames(ref: SessionRef, query: FrameQuery): Promise<{ rows: FrameRow[]; total: number } | null>;
  /** Logs frames that the station exchanged with another central system. False: not provisioned. */
  appendFrames(ref: SessionRef, frames: FrameRow[]): Promise<boolean>;
  /**
   * Sets the status that the next BootNotification is answered with. A connected station that is Pending is asked to
   * boot again. False: not provisioned.
   */
  setRegistration(ref: SessionRef, status: RegistrationStatus): Promise<boolean>;
  /** Changes the policy of an existing session. False: not provisioned. */
  setTagPolicy(ref: SessionRef, policy: UnknownTagPolicy): Promise<boolean>;
  /** The same for all chargers of an organisation that were prepared and have no session yet. */
  setPreparedTagPolicy(organizationSlug: string, policy: UnknownTagPolicy): Promise<void>;
  /**
   * The report to a raw command with this request id, kept for a day; `report` null: there is none. Null: not
   * provisioned.
   */
  report(ref: SessionRef, requestId: number): Promise<{ report: OcppReport | null } | null>;
  /**
   * Replaces an id tag by a pseudonym in all that the session stores; `key`: the tag as it is compared. What it had on its
   * way to Postgres has arrived. False: not provisioned. Idempotent.
   */
  eraseTag(ref: SessionRef, key: string, pseudonym: string): Promise<boolean>;
  /** DataTransfer messages of both directions, newest first. Null: not provisioned. */
  dataTransfers(ref: SessionRef, limit: number): Promise<DataTransferRow[] | null>;
  /**
   * Called by a host that has closed the connection of its station at `atMs` (epoch ms): the session marks it
   * offline, unless a newer connection exists. False: not provisioned. Idempotent.
   */
  hangUp(ref: SessionRef, atMs: number): Promise<boolean>;
  /**
   * Ends the session of a deleted or failed charger: closes its socket with 4004, flushes the outbox, wipes the
   * object. Idempotent.
   */
  retire(ref: SessionRef & { chargerId: string }): Promise<void>;
}

/** Code and reason of a WebSocket close. 1006: the connection was lost, or found lost later. */
export interface LineClose {
  code: number;
  reason: string | null;
}

/** An event or state that a session writes to Postgres through its outbox. */
export type SessionFact =
  | {
      type: "connection";
      online: boolean;
      ocppVersion: OcppVersion | null;
      /** How a connection ended. Absent: it began, or an older release stored the fact. */
      close?: LineClose;
    }
  | {
      type: "boot";
      vendor: string;
      model: string;
      serialNumber: string | null;
      firmwareVersion: string | null;
      /** What the boot was answered. Absent: an older release stored the fact. */
      registrationStatus?: RegistrationStatus;
    }
  | { type: "connector"; evseId: number; connectorId: number; status: string; errorCode: string }
  | { type: "seen" }
  /** Digests of the keys that the session accepts from now on. */
  | { type: "credential"; credential: CredentialText }
  /** The lease of the online limit was renewed until `untilMs` (epoch ms). */
  | { type: "lease"; untilMs: number }
  | ({ type: "transaction" } & TransactionFact)
  | ({ type: "reservation" } & ReservationFact)
  | ({ type: "meterValues" } & MeterValuesFact)
  | ({ type: "stopConflict" } & StopConflictFact)
  | ({ type: "securityEvent" } & SecurityEventFact)
  | ({ type: "stationEvent" } & StationEventFact)
  | ({ type: "jobStatus" } & JobStatusFact)
  | ({ type: "dataTransfer" } & Omit<DataTransferRow, "atMs">);

/** A fact on its way to Postgres. `atMs` is the time at which the session received it, by our clock. */
export interface SessionFactRow {
  chargerId: string;
  generation: number;
  atMs: number;
  fact: SessionFact;
}
