import type { JobKind, ToldStop } from "../ocpp/station-state.ts";
import type { JsonObject } from "../ocpp/json.ts";
import type { CommandOutcome, UnknownTagPolicy } from "./sessions.ts";

/** A transaction as its session knows it. A higher revision replaces a lower one, and nothing else does. */
export interface TransactionFact {
  /** `txn_` and a ULID. */
  id: string;
  /** Unique in the organisation. */
  transactionId: number;
  ocppTransactionId: string | null;
  evseId: number;
  connectorId: number;
  idTag: string | null;
  status: "in_progress" | "completed";
  meterStartWh: number | null;
  meterStopWh: number | null;
  lastMeterWh: number | null;
  startedAt: string;
  stoppedAt: string | null;
  stopReason: string | null;
  remoteStarted: boolean;
  /** Closed because another one began on the connector, not by the station. */
  lostStop: boolean;
  revision: number;
}

/** The end of a transaction, told twice and differently. The same content is a repeat. */
export interface StopConflictFact {
  transactionId: number;
  /** What was told first and holds. */
  kept: ToldStop;
  told: ToldStop;
}

/**
 * Values as a station sent them. `transactionId` null: outside transactions, or of one it never started (`claimedId`). The
 * same content of the same charger is a repeat, whatever message brings it.
 */
export interface MeterValuesFact {
  transactionId: number | null;
  claimedId: string | null;
  evseId: number | null;
  /** OCPP action or 2.x trigger reason. */
  reason: string;
  energyWh: number | null;
  /** Set, as is `idTag`, by a stop that belongs to no transaction. */
  stopReason?: string | null;
  idTag?: string | null;
  /** The OCPP list as it came. */
  values: readonly JsonObject[];
  at: string;
}

export interface SecurityEventFact {
  /** Null: another one of this source, name and text is a repeat, whenever it comes. */
  id: string | null;
  /** `central`: noticed by us. */
  source: "station" | "central";
  name: string;
  techInfo: string | null;
  at: string;
}

/** A message that is kept as it came, without its secrets. The same content is a repeat; without a time in it, at the same time. */
export interface StationEventFact {
  /** Of OCPP. */
  action: string;
  payload: JsonObject;
  at: string;
}

/** The last known state of what the station downloads or uploads. */
export interface JobStatusFact {
  job: JobKind;
  status: string;
  requestId: number | null;
}

/** Why a vendor message got no answer; null: it got one. */
export type TransferError = Exclude<CommandOutcome["kind"], "answered" | "notProvisioned"> | "invalidCommand";

export interface DataTransferRow {
  /** `dt_` and a ULID. */
  id: string;
  atMs: number;
  direction: "incoming" | "outgoing";
  vendorId: string;
  messageId: string | null;
  data: string | null;
  responseStatus: string | null;
  responseData: string | null;
  error: TransferError | null;
}

/** Settings of an organisation that decide what its stations are answered. */
export interface TagPolicies {
  /** Null: no such organisation. */
  read(organizationId: string): Promise<UnknownTagPolicy | null>;
}

/** Which transaction ids an organisation has used, for an allocator that does not remember. */
export interface TransactionIdsOnRecord {
  /** 0: none. */
  highest: number;
  /** At most so many more may be with its chargers, without being on record. */
  unknown: number;
}

/** Rows of stations are kept for a time, see docs/operations.md. */
export interface StationHistory {
  transactionIds(organizationId: string): Promise<TransactionIdsOnRecord>;
  /** Deletes what is too old, for a bounded time. */
  prune(now: Date): Promise<void>;
}
