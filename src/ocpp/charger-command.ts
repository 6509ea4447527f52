import type { JsonObject, JsonValue } from "./json.ts";
import type { ConnectorAddress } from "./station-state.ts";

/** `connectorId` 0 is the whole station where allowed; on 2.x, n is EVSE n and `evseConnectorId` (default 1) its connector. */
interface Addressed {
  readonly connectorId: number;
  readonly evseConnectorId?: number;
}

/** Times are ISO 8601 in UTC. */
interface Transfer {
  readonly location: string;
  readonly retries?: number;
  readonly retryInterval?: number;
}

export interface LocalListEntry {
  readonly idTag: string;
  readonly status: "Accepted" | "Blocked" | "Expired" | "Invalid";
  readonly expiryDate?: string;
  readonly parentIdTag?: string;
}

/** Every command in neutral words; its encoding is chosen by the version of the connection that carries it. */
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
  /** No keys: all of them. */
  readonly getConfiguration: { readonly keys: readonly string[] };
  readonly changeConfiguration: { readonly key: string; readonly value: string };
  /** Several at once, in this order. */
  readonly changeConfigurations: {
    readonly entries: readonly { readonly key: string; readonly value: string }[];
  };
  /** 40 hex digits. */
  readonly setAuthorizationKey: { readonly authorizationKey: string };
  readonly updateFirmware: Transfer & { readonly retrieveDate: string };
  readonly diagnostics: Transfer & { readonly startTime?: string; readonly stopTime?: string };
  readonly dataTransfer: { readonly vendorId: string; readonly messageId?: string; readonly data?: string };
  readonly remoteStart: Addressed & {
    readonly idTag: string;
    /** The transaction id we reserved. */
    readonly remoteStartId: number;
  };
  readonly remoteStop: { readonly transactionId: number; readonly ocppTransactionId: string | null };
  readonly sendLocalList: {
    readonly listVersion: number;
    readonly updateType: "Full" | "Differential";
    readonly entries: readonly LocalListEntry[];
  };
  readonly getLocalListVersion: object;
  /** A CALL already in the words of the connection's version. */
  readonly call: { readonly action: string; readonly payload: JsonObject };
}

export type CommandKind = keyof Commands;
export type CommandOf<Kind extends CommandKind> = { [K in Kind]: { readonly kind: K } & Commands[K] }[Kind];
export type ChargerCommand = CommandOf<CommandKind>;

export interface StatusInfo {
  readonly reasonCode: string;
  readonly additionalInfo: string | null;
}

interface StationWord {
  /** The station's literal word; null where OCPP has none. */
  readonly ocppStatus: string | null;
  /** 2.x only. */
  readonly statusInfo: StatusInfo | null;
}

export interface ConfigurationEntry {
  readonly key: string;
  readonly readonly: boolean;
  /** Absent: the station gave none, or it is a secret. */
  readonly value?: string;
}

export type ConfigurationStatus = "Accepted" | "Rejected" | "RebootRequired" | "NotSupported";

/** What a station answered to one command, in neutral words. A refusal is an answer. */
export type CommandAnswer =
  /** reset, unlock, clearCache, trigger, availability, remoteStop: lower snake case. sendLocalList: as in OCPP. */
  | ({ readonly kind: "status"; readonly status: string } & StationWord)
  /** changeConfiguration, setAuthorizationKey */
  | ({ readonly kind: "configurationChange"; readonly status: ConfigurationStatus } & StationWord)
  /** changeConfigurations, in the order of the command */
  | {
      readonly kind: "configurationChanges";
      readonly results: readonly ({
        readonly key: string;
        readonly status: ConfigurationStatus;
      } & StationWord)[];
    }
  /** getConfiguration. `ocppStatus` is a refusal of the whole report, else null. */
  | ({
      readonly kind: "configuration";
      readonly configurationKey: readonly ConfigurationEntry[];
      readonly unknownKey: readonly string[];
    } & StationWord)
  /** updateFirmware, diagnostics: lower snake case. `requestId` is null on 1.6. */
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
  /** remoteStart. `ocppTransactionId` when a 2.x transaction already runs. */
  | ({
      readonly kind: "started";
      readonly status: string;
      readonly ocppTransactionId: string | null;
    } & StationWord)
  | { readonly kind: "localListVersion"; readonly listVersion: number }
  /** call */
  | { readonly kind: "payload"; readonly payload: JsonObject };

export interface ReportedVariable {
  readonly maxLimit: number | null;
  readonly isReadOnly: boolean;
}

/** How many keys one message to a station may hold; null where it has not told. */
export interface KeyLimits {
  readonly readKeysMax: number | null;
  readonly writeKeysMax: number | null;
}

/** What encoding a command needs to know of the station. */
export interface CommandContext {
  /** Known connectors, the main controller left out. */
  readonly connectors: readonly ConnectorAddress[];
  /** 1.6 GetConfigurationMaxKeys; 2.x ItemsPerMessage of GetVariables and of SetVariables. */
  readonly keyLimits: KeyLimits;
  /** 31 bit, unique per charger. */
  nextRequestId(): number;
  /** From the last full report, by canonical key `Component[instance]#evse/connector.Variable[instance]`; null unknown. */
  reportedVariable(key: string): ReportedVariable | null;
}

export type CommandRequest =
  | { readonly kind: "call"; readonly action: string; readonly payload: JsonObject }
  | { readonly kind: "report"; readonly requestId: number };

/** A command as a conversation: it yields what it needs and returns what the caller is told. */
export type CommandScript = Generator<CommandRequest, CommandAnswer, JsonValue>;

export type CommandTable = {
  readonly [Kind in CommandKind]: (command: CommandOf<Kind>, ctx: CommandContext) => CommandScript;
};
