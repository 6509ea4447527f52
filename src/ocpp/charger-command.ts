import type { JsonObject, JsonValue } from "./json.ts";
import type { ConnectorAddress } from "./station-state.ts";
import type { OcppVersion } from "./version.ts";

/**
 * Target of a command. `connectorId` 0 is the whole station, where allowed. On 2.x `connectorId` n is EVSE n, and
 * `evseConnectorId` (default 1) its connector.
 */
interface Addressed {
  readonly connectorId: number;
  readonly evseConnectorId?: number;
}

/** A firmware download or diagnostics upload. Times are ISO 8601 in UTC. */
interface Transfer {
  readonly location: string;
  readonly retries?: number;
  readonly retryInterval?: number;
}

/** An entry of the local authorization list. */
export interface LocalListEntry {
  readonly idTag: string;
  readonly status: "Accepted" | "Blocked" | "Expired" | "Invalid";
  readonly expiryDate?: string;
  readonly parentIdTag?: string;
}

/** A change of the local authorization list; `status` null removes the tag. `type`: of the token, on OCPP 2.x. */
export type LocalListChange =
  | (LocalListEntry & { readonly type?: string })
  | { readonly idTag: string; readonly status: null; readonly type?: string };

/** Every command, independent of the OCPP version. It is encoded in the version of the connection when it is sent. */
export interface Commands {
  readonly reset: { readonly type: "Soft" | "Hard" };
  readonly unlock: Addressed;
  readonly clearCache: object;
  readonly trigger: {
    readonly requestedMessage:
      | "BootNotification"
      | "Heartbeat"
      | "MeterValues"
      | "StatusNotification"
      | "DiagnosticsStatusNotification"
      | "FirmwareStatusNotification";
    readonly connectorId?: number;
    readonly evseConnectorId?: number;
  };
  readonly availability: Addressed & { readonly type: "Operative" | "Inoperative" };
  /** Configuration keys to read; empty: all. */
  readonly getConfiguration: { readonly keys: readonly string[] };
  readonly changeConfiguration: { readonly key: string; readonly value: string };
  /** Several configuration changes, in this order. */
  readonly changeConfigurations: {
    readonly entries: readonly { readonly key: string; readonly value: string }[];
  };
  /** 40 hexadecimal digits. */
  readonly setAuthorizationKey: { readonly authorizationKey: string };
  readonly updateFirmware: Transfer & { readonly retrieveDate: string };
  readonly diagnostics: Transfer & { readonly startTime?: string; readonly stopTime?: string };
  readonly dataTransfer: { readonly vendorId: string; readonly messageId?: string; readonly data?: string };
  readonly remoteStart: Addressed & {
    readonly idTag: string;
    /** Transaction id reserved for this remote start. The session sets it; a caller's value is replaced. */
    readonly remoteStartId?: number;
  };
  readonly remoteStop: { readonly transactionId: number; readonly ocppTransactionId: string | null };
  /** Reserves a connector; its number is given when it is sent. `expiresAt` is ISO 8601. */
  readonly reserve: {
    readonly connectorId: number;
    readonly idTag: string;
    readonly groupId: string | null;
    readonly expiresAt: string;
  };
  readonly cancelReservation: { readonly reservationId: number };
  readonly sendLocalList: {
    readonly listVersion: number;
    readonly updateType: "Full" | "Differential";
    readonly entries: readonly LocalListChange[];
  };
  readonly getLocalListVersion: object;
  readonly getLocalListLimits: object;
  /** A CALL that is already encoded for the version of the connection. */
  readonly call: { readonly action: string; readonly payload: JsonObject };
  /**
   * A CALL as a client wrote it, for the version of the connection. `onlyVersion`: the version it was written for; a
   * connection of another one does not get it.
   */
  readonly raw: {
    readonly action: string;
    readonly payload: JsonObject;
    readonly onlyVersion: OcppVersion | null;
  };
}

export type CommandKind = keyof Commands;
export type CommandOf<Kind extends CommandKind> = { [K in Kind]: { readonly kind: K } & Commands[K] }[Kind];
export type ChargerCommand = CommandOf<CommandKind>;

/** StatusInfo of 2.x. */
export interface StatusInfo {
  readonly reasonCode: string;
  readonly additionalInfo: string | null;
}

interface StationWord {
  /** Status exactly as the station sent it; null: OCPP defines none. */
  readonly ocppStatus: string | null;
  /** Additional information, 2.x only. */
  readonly statusInfo: StatusInfo | null;
}

/** A reservation that a station holds. */
export interface HeldReservation {
  /** `rsv_` and a ULID. */
  readonly id: string;
  /** The number that the station knows it by. */
  readonly reservationId: number;
  /** 0: any. */
  readonly evseId: number;
  readonly idTag: string;
  readonly groupId: string | null;
  readonly expiresAtMs: number;
  readonly createdAtMs: number;
  /** How it ended before its station had answered; absent: it has not ended. */
  readonly ended?: {
    readonly status: "used" | "cancelled" | "expired" | "removed";
    readonly transactionId: number | null;
  };
}

/** A configuration key of a station. */
export interface ConfigurationEntry {
  readonly key: string;
  readonly readonly: boolean;
  /** Absent: the station sent none, or it is a secret. */
  readonly value?: string;
}

export type ConfigurationStatus = "Accepted" | "Rejected" | "RebootRequired" | "NotSupported";

/** Answer of a station to a command, independent of the OCPP version. A refusal is an answer. */
export type CommandAnswer =
  /**
   * Answer to reset, unlock, clearCache, trigger, availability, remoteStop, cancelReservation (status in snake_case) and sendLocalList
   * (status as in OCPP).
   */
  | ({ readonly kind: "status"; readonly status: string } & StationWord)
  /** Answer to changeConfiguration and setAuthorizationKey. */
  | ({ readonly kind: "configurationChange"; readonly status: ConfigurationStatus } & StationWord)
  /** Answer to changeConfigurations, in the order of the command. */
  | {
      readonly kind: "configurationChanges";
      readonly results: readonly ({
        readonly key: string;
        readonly status: ConfigurationStatus;
      } & StationWord)[];
    }
  /** Answer to getConfiguration. `ocppStatus`: the station refused the report; otherwise null. */
  | ({
      readonly kind: "configuration";
      readonly configurationKey: readonly ConfigurationEntry[];
      readonly unknownKey: readonly string[];
    } & StationWord)
  /** Answer to updateFirmware and diagnostics, status in snake_case. `requestId` is null on 1.6. */
  | ({
      readonly kind: "transfer";
      readonly status: string;
      readonly requestId: number | null;
      readonly fileName: string | null;
    } & StationWord)
  /** As in OCPP. */
  | ({
      readonly kind: "dataTransfer";
      readonly status: string;
      readonly responseData: string | null;
    } & StationWord)
  /**
   * Answer to remoteStart. `transactionId`: the reserved one, or that of the transaction that already runs;
   * `ocppTransactionId`: it already runs (2.x).
   */
  | ({
      readonly kind: "started";
      readonly status: string;
      readonly transactionId: number;
      readonly ocppTransactionId: string | null;
    } & StationWord)
  /** Answer to reserve, status in snake_case. `reservation`: what the session noted; absent: the station refused. */
  | ({
      readonly kind: "reserved";
      readonly status: string;
      readonly reservationId: number;
      readonly reservation?: HeldReservation;
    } & StationWord)
  | { readonly kind: "localListVersion"; readonly listVersion: number }
  /** Limits of the local list in the station's own words; null: not reported. */
  | {
      readonly kind: "localListLimits";
      readonly isEnabled: boolean | null;
      readonly entriesMax: number | null;
      /** Entries of one message. */
      readonly itemsMax: number | null;
      /** Bytes of one message. */
      readonly bytesMax: number | null;
    }
  /** Answer to call and raw. */
  | { readonly kind: "payload"; readonly payload: JsonObject };

/** A variable of the last full report. */
export interface ReportedVariable {
  readonly maxLimit: number | null;
  readonly isReadOnly: boolean;
}

/** Most keys in one message to a station; null: the station has not reported a limit. */
export interface KeyLimits {
  readonly readKeysMax: number | null;
  readonly writeKeysMax: number | null;
}

/** What the encoding of a command reads of the station. */
export interface CommandContext {
  /** Known connectors, without the main controller. */
  readonly connectors: readonly ConnectorAddress[];
  /** 1.6 GetConfigurationMaxKeys; 2.x ItemsPerMessage of GetVariables and of SetVariables. */
  readonly keyLimits: KeyLimits;
  /** A new request id, 31 bit, unique per charger. */
  nextRequestId(): number;
  /**
   * A variable of the last full report, by its key `Component[instance]#evse/connector.Variable[instance]`; null:
   * unknown.
   */
  reportedVariable(key: string): ReportedVariable | null;
}

/** What a command needs: a CALL to be sent, or a report to be collected. */
export type CommandRequest =
  | { readonly kind: "call"; readonly action: string; readonly payload: JsonObject }
  | { readonly kind: "report"; readonly requestId: number };

/** A command as a generator: it yields the CALLs to send and reports to wait for, and returns the answer. */
export type CommandScript = Generator<CommandRequest, CommandAnswer, JsonValue>;

/** Generators of one OCPP version by command kind. */
export type CommandTable = {
  readonly [Kind in CommandKind]: (command: CommandOf<Kind>, ctx: CommandContext) => CommandScript;
};
