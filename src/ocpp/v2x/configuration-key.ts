import type { CommandContext } from "../charger-command.ts";
import { parseVariableKey, type VariableAddress } from "./variable-key.ts";

/** A variable to read or write, or a known value, or unknown. */
export type ResolvedKey =
  | { readonly kind: "variable"; readonly address: VariableAddress }
  /** The value is known without a CALL. */
  | { readonly kind: "known"; readonly value: string }
  | { readonly kind: "unknown" };

/** Resolves a configuration key on 2.x: the full name of a variable, or a 1.6 key with the same meaning. */
export function resolveKey(key: string, ctx: CommandContext): ResolvedKey {
  if (key === "NumberOfConnectors") return { kind: "known", value: String(ctx.connectors.length) };
  if (Object.hasOwn(MAX_LIMIT_KEYS, key)) {
    const limit = ctx.reportedVariable(MAX_LIMIT_KEYS[key] ?? "")?.maxLimit ?? null;
    return limit === null ? { kind: "unknown" } : { kind: "known", value: String(limit) };
  }
  const alias = Object.hasOwn(KEY_ALIASES, key) ? KEY_ALIASES[key] : undefined;
  const address = parseVariableKey(alias ?? key);
  return address ? { kind: "variable", address } : { kind: "unknown" };
}

/** 1.6 configuration keys and the 2.x variables with the same meaning. */
export const KEY_ALIASES: Readonly<Record<string, string>> = {
  HeartbeatInterval: "OCPPCommCtrlr.HeartbeatInterval",
  WebSocketPingInterval: "OCPPCommCtrlr.WebSocketPingInterval",
  ResetRetries: "OCPPCommCtrlr.ResetRetries",
  MessageTimeout: "OCPPCommCtrlr.MessageTimeout[Default]",
  TransactionMessageAttempts: "OCPPCommCtrlr.MessageAttempts[TransactionEvent]",
  TransactionMessageRetryInterval: "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]",
  UnlockConnectorOnEVSideDisconnect: "OCPPCommCtrlr.UnlockOnEVSideDisconnect",
  SupportedFileTransferProtocols: "OCPPCommCtrlr.FileTransferProtocols",
  ConnectionTimeOut: "TxCtrlr.EVConnectionTimeOut",
  StopTransactionOnEVSideDisconnect: "TxCtrlr.StopTxOnEVSideDisconnect",
  StopTransactionOnInvalidId: "TxCtrlr.StopTxOnInvalidId",
  MaxEnergyOnInvalidId: "TxCtrlr.MaxEnergyOnInvalidId",
  ChargeProfileMaxStackLevel: "SmartChargingCtrlr.ProfileStackLevel",
  ChargingScheduleAllowedChargingRateUnit: "SmartChargingCtrlr.RateUnit",
  ChargingScheduleMaxPeriods: "SmartChargingCtrlr.PeriodsPerSchedule",
  ConnectorSwitch3to1PhaseSupported: "SmartChargingCtrlr.Phases3to1",
  GetConfigurationMaxKeys: "DeviceDataCtrlr.ItemsPerMessage[GetVariables]",
  LocalAuthorizeOffline: "AuthCtrlr.LocalAuthorizeOffline",
  LocalPreAuthorize: "AuthCtrlr.LocalPreAuthorize",
  AuthorizeRemoteTxRequests: "AuthCtrlr.AuthorizeRemoteStart",
  AllowOfflineTxForUnknownId: "AuthCtrlr.OfflineTxForUnknownIdEnabled",
  AuthorizationCacheEnabled: "AuthCacheCtrlr.Enabled",
  LocalAuthListEnabled: "LocalAuthListCtrlr.Enabled",
  SendLocalListMaxLength: "LocalAuthListCtrlr.ItemsPerMessage",
  MeterValueSampleInterval: "SampledDataCtrlr.TxUpdatedInterval",
  MeterValuesSampledData: "SampledDataCtrlr.TxUpdatedMeasurands",
  StopTxnSampledData: "SampledDataCtrlr.TxEndedMeasurands",
  ClockAlignedDataInterval: "AlignedDataCtrlr.Interval",
  MeterValuesAlignedData: "AlignedDataCtrlr.Measurands",
  StopTxnAlignedData: "AlignedDataCtrlr.TxEndedMeasurands",
  ReserveConnectorZeroSupported: "ReservationCtrlr.NonEvseSpecific",
  AuthorizationKey: "SecurityCtrlr.BasicAuthPassword",
};

/** 1.6 keys whose value is the `maxLimit` of a 2.x variable; the value of the variable is its current count. */
export const MAX_LIMIT_KEYS: Readonly<Record<string, string>> = {
  MaxChargingProfilesInstalled: "SmartChargingCtrlr.Entries[ChargingProfiles]",
  LocalAuthListMaxLength: "LocalAuthListCtrlr.Entries",
};
