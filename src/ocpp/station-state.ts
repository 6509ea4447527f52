import type { JsonObject, JsonValue } from "./json.ts";

export type RegistrationStatus = "Accepted" | "Pending" | "Rejected";

/** What a station says about itself at boot; null where it says nothing. */
export interface BootFacts {
  readonly vendor: string;
  readonly model: string;
  readonly serialNumber: string | null;
  readonly firmwareVersion: string | null;
  readonly iccid: string | null;
  readonly imsi: string | null;
  readonly meterType: string | null;
  readonly meterSerialNumber: string | null;
}

/** The words of OCPP 1.6, in which every version's connectors are told. */
export type ConnectorStatus =
  | "Available"
  | "Preparing"
  | "Charging"
  | "SuspendedEVSE"
  | "SuspendedEV"
  | "Finishing"
  | "Reserved"
  | "Unavailable"
  | "Faulted";

/**
 * `evseId` is the number callers use as connector id on every version; `connectorId` counts within that EVSE. A 1.6
 * connector n is evse n, connector 1; its connector 0, the main controller, is 0 and 0.
 */
export interface ConnectorAddress {
  readonly evseId: number;
  readonly connectorId: number;
}

export interface ConnectorState extends ConnectorAddress {
  readonly status: ConnectorStatus;
  /** The station's own word, for example `Occupied` on 2.x. */
  readonly reported: string;
  readonly errorCode: string;
  /** On 2.x while a Problem stands: the AvailabilityState to return to. Absent: none does. */
  readonly availability?: string;
  /** ISO 8601; orders reports, see `orderingTime`. */
  readonly at: string;
}

export interface TransactionRecord {
  /** The integer we assigned. */
  readonly transactionId: number;
  /** The station's own id on 2.x. */
  readonly ocppTransactionId: string | null;
  readonly evseId: number;
  readonly connectorId: number;
  readonly idTag: string | null;
  readonly meterStartWh: number | null;
  readonly startedAt: string;
  /** The station's own text of that time: part of what makes a repeated 1.6 StartTransaction recognisable. */
  readonly startTimestamp: string;
  readonly stoppedAt: string | null;
  readonly remoteStarted: boolean;
  /** 2.x chargingState as last reported. */
  readonly chargingState: string | null;
  /** Highest 2.x seqNo whose state is applied; a message at or below it is late or repeated. */
  readonly lastSeqNo: number | null;
  /** Closed by us because a new one began, not by the station. */
  readonly lostStop: boolean;
  /** The station has named this id itself: it got our answer to its start (1.6 errata 3.18). */
  readonly isConfirmed: boolean;
}

/** How a station told the end of a transaction. */
export interface ToldStop {
  readonly meterStopWh: number | null;
  /** ISO 8601, see `eventTime`. */
  readonly stoppedAt: string;
  readonly stopReason: string;
}

/** What tells one 1.6 stop with the unconfirmed id from another. */
export interface UnconfirmedStop {
  readonly meterStopWh: number;
  /** The station's own text. */
  readonly timestamp: string;
}

/** Looks within this charger only: a station never reaches the transaction of another. */
export interface TransactionLookup {
  byId(transactionId: number): TransactionRecord | null;
  byOcppId(ocppTransactionId: string): TransactionRecord | null;
  openOn(evseId: number): TransactionRecord | null;
  /** All that are open, the oldest first. */
  open(): readonly TransactionRecord[];
  /** A stop with the unconfirmed id that was taken in before, and the transaction it ended; null id: an orphan. */
  unconfirmedStop(stop: UnconfirmedStop): { readonly transactionId: number | null } | null;
  /** `timestamp` is compared with `startTimestamp`. */
  byStart(start: {
    evseId: number;
    idTag: string;
    meterStartWh: number;
    timestamp: string;
  }): TransactionRecord | null;
  /** Id reserved by a remote start of this connector and tag that no transaction has claimed yet. */
  reservedBy(start: { evseId: number; idTag: string }): number | null;
  /** How the station told the end of a transaction, the first time; null: it has not. */
  stopOf(transactionId: number): ToldStop | null;
  /** Has this (transaction, seqNo) been taken in before? */
  hasEvent(ocppTransactionId: string, seqNo: number): boolean;
}

/** Work that a station reports the progress of. */
export type JobKind = "firmware" | "published_firmware" | "diagnostics";

/** Ids of the requests that a station may be working on, the newest last. */
export type JobRequests = { readonly [Job in JobKind]?: readonly number[] };

/** What the session knows about its station; handlers read it and answer with changes. */
export interface StationState {
  /** Null: never booted. */
  readonly registration: RegistrationStatus | null;
  /** Answer to the next BootNotification. */
  readonly bootAnswer: RegistrationStatus;
  readonly heartbeatIntervalSeconds: number;
  readonly bootFacts: BootFacts | null;
  /** By which its clock is known to be off, ms, ahead is positive; 0: right, or nobody knows. */
  readonly clockOffMs: number;
  readonly connectors: readonly ConnectorState[];
  /** Actions we triggered, which the station may therefore send before it is accepted. */
  readonly triggered: ReadonlySet<string>;
  readonly jobRequests: JobRequests;
  /** Refused for their certificates in the session of charging that goes on, in lower case. */
  readonly refusedTokens: ReadonlySet<string>;
  readonly transactions: TransactionLookup;
}

export type StateChange =
  | {
      /** A fresh boot voids the times of the connectors' reports: the station's clock may have been set. */
      readonly type: "booted";
      readonly facts: BootFacts;
      readonly registration: RegistrationStatus;
      readonly intervalSeconds: number;
      /** 2.x boot reason; null on 1.6. */
      readonly reason: string | null;
      readonly at: string;
    }
  | ({ readonly type: "connectorStatus" } & ConnectorState)
  | { readonly type: "clockSkewed"; readonly skewSeconds: number; readonly at: string }
  | ({ readonly type: "transactionOpened" } & TransactionRecord)
  | {
      readonly type: "transactionUpdated";
      readonly transactionId: number;
      readonly seqNo: number | null;
      readonly chargingState: string | null;
      readonly evseId: number | null;
      readonly connectorId: number | null;
      readonly idTag: string | null;
      /** Set when the station repeats the id of one of our remote starts. */
      readonly remoteStartId: number | null;
    }
  | {
      readonly type: "transactionClosed";
      readonly transactionId: number;
      readonly seqNo: number | null;
      readonly stoppedAt: string;
      readonly lostStop: boolean;
    }
  | { readonly type: "transactionConfirmed"; readonly transactionId: number }
  | ({ readonly type: "unconfirmedStop"; readonly endedId: number | null } & UnconfirmedStop)
  /** The certificate that came with the token does not hold. */
  | { readonly type: "tokenRefused"; readonly token: string }
  | { readonly type: "reservationEnded"; readonly reservationId: number }
  | {
      readonly type: "reportPart";
      readonly report: ReportKind;
      readonly requestId: number;
      /** Null where the message carries none. */
      readonly seqNo: number | null;
      readonly isLast: boolean;
      readonly rows: readonly JsonObject[];
    }
  | {
      readonly type: "chargingLimit";
      readonly evseId: number;
      readonly source: string;
      /** Null: the limit was lifted. */
      readonly limit: JsonObject | null;
      readonly schedules: readonly JsonObject[];
      readonly at: string;
    };

export type ReportKind =
  | "variables"
  | "monitoring"
  | "chargingProfiles"
  | "displayMessages"
  | "customerInformation"
  | "derControl";

/**
 * A fact for the rest of the system. Times are ISO 8601. `transactionStarted` and `transactionStopped` may be told again
 * for the same id when a late message knows better: the later one holds.
 */
export type StationEvent =
  | {
      readonly type: "booted";
      readonly facts: BootFacts;
      readonly registrationStatus: RegistrationStatus;
      readonly reason: string | null;
      readonly at: string;
    }
  | {
      readonly type: "connectorStatusChanged";
      readonly evseId: number;
      readonly connectorId: number;
      readonly status: ConnectorStatus;
      readonly previousStatus: ConnectorStatus | null;
      readonly errorCode: string;
      readonly info: string | null;
      readonly vendorErrorCode: string | null;
      readonly at: string;
    }
  | {
      readonly type: "transactionStarted";
      readonly transactionId: number;
      readonly ocppTransactionId: string | null;
      readonly evseId: number;
      readonly connectorId: number;
      readonly idTag: string | null;
      readonly idTagStatus: string | null;
      readonly meterStartWh: number | null;
      readonly reservationId: number | null;
      readonly remoteStarted: boolean;
      readonly offline: boolean;
      readonly at: string;
    }
  | {
      /** `transactionId` null: values outside transactions, or of one this charger never started (`claimedId`). */
      readonly type: "meterValues";
      readonly transactionId: number | null;
      readonly claimedId: string | null;
      readonly evseId: number;
      readonly triggerReason: string | null;
      readonly chargingState: string | null;
      readonly meterValue: readonly JsonObject[];
      readonly at: string;
    }
  | {
      /** `transactionId` null: an orphan, kept because it is money. */
      readonly type: "transactionStopped";
      readonly transactionId: number | null;
      readonly claimedId: string | null;
      readonly evseId: number | null;
      readonly idTag: string | null;
      readonly meterStopWh: number | null;
      readonly stopReason: string;
      /** True: the station never told us; the meter's last value stands. */
      readonly lostStop: boolean;
      readonly transactionData: readonly JsonObject[];
      readonly at: string;
    }
  | {
      /** The station told the end of a transaction a second time, and otherwise. What it told first holds. */
      readonly type: "stopConflicted";
      readonly transactionId: number;
      readonly kept: ToldStop;
      readonly told: ToldStop;
      readonly at: string;
    }
  | {
      readonly type: "dataTransferReceived";
      readonly vendorId: string;
      readonly messageId: string | null;
      readonly data: JsonValue | null;
      readonly responseStatus: string;
      readonly at: string;
    }
  | {
      readonly type: "diagnosticsStatus";
      readonly status: string;
      readonly requestId: number | null;
      readonly at: string;
    }
  | {
      readonly type: "firmwareStatus";
      readonly status: string;
      readonly requestId: number | null;
      /** True: of PublishFirmware, which serves a local network instead of this station. */
      readonly published: boolean;
      readonly at: string;
    }
  | {
      readonly type: "securityEvent";
      readonly name: string;
      /** Untrusted text. */
      readonly techInfo: string | null;
      readonly at: string;
    }
  | {
      /** Kept as received, for messages that change nothing else. */
      readonly type: "notified";
      readonly action: string;
      readonly payload: JsonObject;
      readonly at: string;
    };
