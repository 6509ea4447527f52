import type { JsonObject, JsonValue } from "./json.ts";

export type RegistrationStatus = "Accepted" | "Pending" | "Rejected";

/** What a station reports in BootNotification; null: not reported. */
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

/** Connector status in the terms of OCPP 1.6, to which those of 2.x are converted. */
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
 * Address of a connector. `evseId` is the connector number of the API in every version; `connectorId` counts within
 * the EVSE. Connector n of 1.6 is EVSE n, connector 1; its connector 0, the main controller, is EVSE 0, connector 0.
 */
export interface ConnectorAddress {
  readonly evseId: number;
  readonly connectorId: number;
}

/** Last known status of a connector. */
export interface ConnectorState extends ConnectorAddress {
  readonly status: ConnectorStatus;
  /** Status as reported, for example `Occupied` on 2.x. */
  readonly reported: string;
  readonly errorCode: string;
  /** On 2.x while a Problem is active: the AvailabilityState after it. Absent: no Problem. */
  readonly availability?: string;
  /** ISO 8601; the time by which reports are ordered, see `orderingTime`. */
  readonly at: string;
}

/** A transaction as its session stores it. */
export interface TransactionRecord {
  /** Transaction id that the session assigned. */
  readonly transactionId: number;
  /** Transaction id of the station, on 2.x. */
  readonly ocppTransactionId: string | null;
  readonly evseId: number;
  readonly connectorId: number;
  readonly idTag: string | null;
  readonly meterStartWh: number | null;
  readonly startedAt: string;
  /** Start time exactly as the station sent it, by which a repeated 1.6 StartTransaction is recognised. */
  readonly startTimestamp: string;
  readonly stoppedAt: string | null;
  readonly remoteStarted: boolean;
  /** Last reported chargingState, 2.x. */
  readonly chargingState: string | null;
  /** Highest applied seqNo, 2.x; a message with the same or a lower one is late or repeated. */
  readonly lastSeqNo: number | null;
  /** True: closed by the session because another transaction began on the connector. */
  readonly lostStop: boolean;
  /** True: the station has used this id, so it received our answer to its start (1.6 errata 3.18). */
  readonly isConfirmed: boolean;
}

/** End of a transaction as the station reported it. */
export interface ToldStop {
  readonly meterStopWh: number | null;
  /** ISO 8601, see `eventTime`. */
  readonly stoppedAt: string;
  readonly stopReason: string;
}

/** Identifies a 1.6 StopTransaction with the unconfirmed id (-1). */
export interface UnconfirmedStop {
  readonly meterStopWh: number;
  /** Timestamp exactly as the station sent it. */
  readonly timestamp: string;
}

/** Lookup of the transactions of this charger; those of other chargers are never found. */
export interface TransactionLookup {
  byId(transactionId: number): TransactionRecord | null;
  byOcppId(ocppTransactionId: string): TransactionRecord | null;
  openOn(evseId: number): TransactionRecord | null;
  /** All open transactions, oldest first. */
  open(): readonly TransactionRecord[];
  /**
   * An earlier stop with the unconfirmed id and the transaction it ended; `transactionId` null: it ended none. Null:
   * no such stop.
   */
  unconfirmedStop(stop: UnconfirmedStop): { readonly transactionId: number | null } | null;
  /** A transaction by its start. `timestamp` is compared with `startTimestamp`. */
  byStart(start: {
    evseId: number;
    idTag: string;
    meterStartWh: number;
    timestamp: string;
  }): TransactionRecord | null;
  /** First reported end of a transaction; null: none. */
  stopOf(transactionId: number): ToldStop | null;
  /** Whether this event (transaction, seqNo) was handled before. */
  hasEvent(ocppTransactionId: string, seqNo: number): boolean;
}

/** A remote start that was sent and whose transaction has not begun. */
export interface PendingStart {
  readonly transactionId: number;
  /** `txn_` id of the transaction's row. */
  readonly rowId: string;
  readonly idTag: string;
}

/** Lookup of the remote starts of this charger that wait for their transaction. */
export interface RemoteStartLookup {
  /** Start that a 1.6 StartTransaction carries out: same connector and tag. `startedAt` is ISO 8601. */
  claimable(start: { evseId: number; idTag: string; startedAt: string }): PendingStart | null;
  /** Start whose number a 2.x station repeats. `idTag` null: the message has no token. */
  byRemoteStartId(remoteStartId: number, idTag: string | null): PendingStart | null;
  /** Whether a start with this tag waits on any connector. */
  isAwaited(idTag: string): boolean;
}

/** Firmware updates and uploads whose status a station reports. */
export type JobKind = "firmware" | "published_firmware" | "diagnostics";

/** Ids of our requests that a station may be working on, newest last. */
export type JobRequests = { readonly [Job in JobKind]?: readonly number[] };

/** State of a station that handlers read. They do not change it: they return changes. */
export interface StationState {
  /** Null: no BootNotification yet. */
  readonly registration: RegistrationStatus | null;
  /** Status for the answer to the next BootNotification. */
  readonly bootAnswer: RegistrationStatus;
  readonly heartbeatIntervalSeconds: number;
  readonly bootFacts: BootFacts | null;
  /** Offset of the station's clock in ms; positive is ahead. 0: right, or not known. */
  readonly clockOffMs: number;
  readonly connectors: readonly ConnectorState[];
  /** Actions that we triggered: the station may send them before it is accepted. */
  readonly triggered: ReadonlySet<string>;
  readonly jobRequests: JobRequests;
  /** Id tokens, lower case, refused for their certificate in the current charging session. */
  readonly refusedTokens: ReadonlySet<string>;
  readonly transactions: TransactionLookup;
  readonly remoteStarts: RemoteStartLookup;
}

/** A change of state that a handler returns and the session applies. */
export type StateChange =
  | {
      /**
       * A BootNotification. It resets the times of connector reports, because the station's clock may have been set.
       */
      readonly type: "booted";
      readonly facts: BootFacts;
      readonly registration: RegistrationStatus;
      readonly intervalSeconds: number;
      /** Boot reason of 2.x; null on 1.6. */
      readonly reason: string | null;
      readonly at: string;
    }
  | ({ readonly type: "connectorStatus" } & ConnectorState)
  | { readonly type: "clockSkewed"; readonly skewSeconds: number; readonly at: string }
  /** `rowId`: `txn_` id of the row that a remote start reserved; null: it gets a new one. */
  | ({ readonly type: "transactionOpened"; readonly rowId: string | null } & TransactionRecord)
  | {
      readonly type: "transactionUpdated";
      readonly transactionId: number;
      readonly seqNo: number | null;
      readonly chargingState: string | null;
      readonly evseId: number | null;
      readonly connectorId: number | null;
      readonly idTag: string | null;
      /** Id of our remote start, if the station repeated it; otherwise null. */
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
  /** The certificate that came with the token is not valid. */
  | { readonly type: "tokenRefused"; readonly token: string }
  /** `reportedStatus`: the station's word for how it ended; absent: the transaction of the same message used it up. */
  | {
      readonly type: "reservationEnded";
      readonly reservationId: number;
      readonly reportedStatus?: string;
    }
  | {
      readonly type: "reportPart";
      readonly report: ReportKind;
      readonly requestId: number;
      /** Null: the message has none. */
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

/** Reports that a station sends in parts. */
export type ReportKind =
  | "variables"
  | "monitoring"
  | "chargingProfiles"
  | "displayMessages"
  | "customerInformation"
  | "derControl";

/**
 * An event of a station for the rest of the system. Times are ISO 8601. `transactionStarted` and `transactionStopped`
 * may be repeated for one id with corrected values: the later event is valid.
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
      /**
       * Meter values. `transactionId` null: outside of a transaction, or of one that this charger never started,
       * whose id is in `claimedId`.
       */
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
      /**
       * End of a transaction. `transactionId` null: no transaction is known for it; it is stored because it may be
       * billed.
       */
      readonly type: "transactionStopped";
      readonly transactionId: number | null;
      readonly claimedId: string | null;
      readonly evseId: number | null;
      readonly idTag: string | null;
      readonly meterStopWh: number | null;
      readonly stopReason: string;
      /** True: the station did not report the end; the last meter value is used. */
      readonly lostStop: boolean;
      readonly transactionData: readonly JsonObject[];
      readonly at: string;
    }
  | {
      /** The station reported a second, different end of a transaction. The first one is valid. */
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
      /** True: status of PublishFirmware, which serves firmware to a local network. */
      readonly published: boolean;
      readonly at: string;
    }
  | {
      readonly type: "securityEvent";
      readonly name: string;
      /** Text from the station, not trusted. */
      readonly techInfo: string | null;
      readonly at: string;
    }
  | {
      /** A message that is stored as received and changes nothing else. */
      readonly type: "notified";
      readonly action: string;
      readonly payload: JsonObject;
      readonly at: string;
    };
