import type { JobKind, ToldStop } from "../ocpp/station-state.ts";
import type { JsonObject } from "../ocpp/json.ts";
import type { CallOutcome } from "../ocpp/call-queue.ts";
import type { UnknownTagPolicy } from "./charger.ts";
import type { Page, Paged } from "./paging.ts";

/** State of a transaction. Only a higher revision replaces a lower one. Energy is in Wh, times are ISO 8601. */
export interface TransactionFact {
  /** `txn_` and a ULID. */
  id: string;
  /** Unique in the organisation; sent to the station in OCPP 1.6. */
  transactionId: number;
  ocppTransactionId: string | null;
  evseId: number;
  connectorId: number;
  idTag: string | null;
  /** `pending`: asked for by a remote start; `expired`: nothing came of that. */
  status: "pending" | "in_progress" | "completed" | "expired";
  meterStartWh: number | null;
  meterStopWh: number | null;
  lastMeterWh: number | null;
  /** Added to the meter: what its register lost on the way by going back, see `offsetAfter`. */
  meterOffsetWh: number;
  startedAt: string;
  stoppedAt: string | null;
  stopReason: string | null;
  remoteStarted: boolean;
  /** True: closed because another transaction began on the connector; the station never reported its end. */
  lostStop: boolean;
  revision: number;
}

/** State of a reservation. Only a higher revision replaces a lower one. Times are ISO 8601. */
export interface ReservationFact {
  /** `rsv_` and a ULID. */
  id: string;
  /** The number that the station knows it by. */
  reservationId: number;
  /** 0: any. */
  evseId: number;
  idTag: string;
  groupId: string | null;
  /** `removed`: the station gave it up, or does not hold it. */
  status: "active" | "used" | "cancelled" | "expired" | "removed";
  /** The transaction that used it; null: none, or not known. */
  transactionId: number | null;
  expiresAt: string;
  createdAt: string;
  revision: number;
}

/** Two different ends reported for one transaction. A row with the same content is a repeat and is stored once. */
export interface StopConflictFact {
  transactionId: number;
  /** The end that was reported first; it is the valid one. */
  kept: ToldStop;
  told: ToldStop;
}

/**
 * Meter values of one message. `transactionId` null: outside of a transaction, or of one that this charger never
 * started, whose id is in `claimedId`. The same content of one charger is a repeat and is stored once, whatever
 * message id it has.
 */
export interface MeterValuesFact {
  transactionId: number | null;
  claimedId: string | null;
  evseId: number | null;
  /** OCPP action or 2.x trigger reason. */
  reason: string;
  energyWh: number | null;
  /** Set, like `idTag`, by a StopTransaction that belongs to no known transaction. */
  stopReason?: string | null;
  idTag?: string | null;
  /** The OCPP list as it came. */
  values: readonly JsonObject[];
  at: string;
}

/** A security event reported by the station (SecurityEventNotification) or detected by us. */
export interface SecurityEventFact {
  /** Null: an event with the same source, name and text is a repeat, at any time, and is stored once. */
  id: string | null;
  /** "central": detected by us. */
  source: "station" | "central";
  name: string;
  techInfo: string | null;
  at: string;
}

/**
 * A message that is stored as a whole, secrets redacted. The same content is a repeat and is stored once; messages
 * without a time of their own are repeats only if received at the same time.
 */
export interface StationEventFact {
  /** OCPP action. */
  action: string;
  payload: JsonObject;
  at: string;
}

/** Last reported status of a firmware update or diagnostics upload. */
export interface JobStatusFact {
  job: JobKind;
  status: string;
  requestId: number | null;
}

/** Why an outgoing DataTransfer got no answer. */
export type TransferError = Exclude<
  CallOutcome["kind"],
  "answered" | "notProvisioned" | "unknownAction" | "otherVersion" | "invalidPayload"
>;

/** One DataTransfer with its answer. `error` null: it was answered. */
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

/** Reads the answer of an organisation to unknown id tags. */
export interface TagPolicies {
  /** Null: no such organisation. */
  read(organizationId: string): Promise<UnknownTagPolicy | null>;
}

/** Transaction ids that an organisation has used, for an allocator that lost its storage. */
export interface TransactionIdsOnRecord {
  /** Highest stored transaction id; 0: none. */
  highest: number;
  /** Upper bound of the ids above `highest` that chargers may hold and that are not stored yet. */
  unknown: number;
}

/** A stored transaction. Energy is in Wh. */
export interface StoredTransaction extends Omit<
  TransactionFact,
  "startedAt" | "stoppedAt" | "connectorId" | "lostStop" | "revision"
> {
  chargerId: string;
  /** OCPP identity of its charger, which may be deleted. */
  identity: string;
  startedAt: Date;
  stoppedAt: Date | null;
  /** Receive time of the last message about the transaction. */
  updatedAt: Date;
}

/** A reservation in Postgres. */
export interface StoredReservation extends Omit<ReservationFact, "expiresAt" | "createdAt" | "revision"> {
  expiresAt: Date;
  createdAt: Date;
}

/** Selection of transactions. Null: no condition. */
export interface TransactionFilter {
  /** OCPP identity of the charger, deleted ones included. */
  identity: string | null;
  status: StoredTransaction["status"] | null;
  /** Compared case-insensitively. */
  idTag: string | null;
  /** Start time, inclusive. */
  from: Date | null;
  /** Start time, exclusive. */
  to: Date | null;
}

/** Place in a list of transactions, newest first. */
export interface TransactionPlace {
  startedAt: Date;
  transactionId: number;
}

/** Meter values of one message of a station, as they came. */
export interface StoredMeterValues extends MeterMessagePlace {
  meterValue: JsonObject[];
}

/** Place in the meter values of a transaction, oldest first. */
export interface MeterMessagePlace {
  at: Date;
  id: string;
}

export interface MeterMessagePage {
  messages: StoredMeterValues[];
  /** More messages follow. */
  hasMore: boolean;
}

/** Stored events of stations. Retention times are in docs/operations.md. */
export interface StationHistory {
  /** A transaction by its number in the organisation or by its `txn_` id; null: none, also for any other text. */
  transaction(organizationId: string, id: string): Promise<StoredTransaction | null>;
  /** Transactions, newest first, and the number that match. */
  transactions(
    organizationId: string,
    filter: TransactionFilter,
    page: Page,
  ): Promise<Paged<StoredTransaction>>;
  /** The next `limit` transactions after a place, newest first; it need not be that of a transaction. */
  transactionsAfter(
    organizationId: string,
    filter: TransactionFilter,
    cursor: { after: TransactionPlace; limit: number },
  ): Promise<StoredTransaction[]>;
  /** Next messages with meter values of a transaction: at most `limit`, fewer if they are large. `after` null: from the first. */
  meterMessages(
    organizationId: string,
    transactionId: number,
    page: { after: MeterMessagePlace | null; limit: number },
  ): Promise<MeterMessagePage>;
  /** A reservation of a charger by its `rsv_` id. */
  reservation(organizationId: string, chargerId: string, id: string): Promise<StoredReservation | null>;
  /** The next reservations of a charger after the one with the id `after`, newest first; `status` null: of any. */
  reservations(
    organizationId: string,
    chargerId: string,
    page: { status: StoredReservation["status"] | null; after: string | null; limit: number },
  ): Promise<StoredReservation[]>;
  /** Transaction ids in use, for the id allocator. */
  transactionIds(organizationId: string): Promise<TransactionIdsOnRecord>;
  /** Deletes rows past their retention, for at most 20 s per call. */
  prune(now: Date): Promise<void>;
}
