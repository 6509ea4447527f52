import { MEASURANDS } from "./measurands.ts";
import type { StationState } from "./state.ts";

const ALL_MEASURANDS = MEASURANDS.join(",");
const REGISTER = MEASURANDS[0];

/** Default values by setting name. */
export const DEFAULTS = {
  MeterValueSampleInterval: "60",
  MeterValuesSampledData: ALL_MEASURANDS,
  ClockAlignedDataInterval: "0",
  MeterValuesAlignedData: ALL_MEASURANDS,
  TxStartedMeasurands: REGISTER,
  StopTxnSampledData: REGISTER,
  StopTxnAlignedData: "",
  MessageTimeout: "30",
  ConnectionTimeOut: "60",
  WebSocketPingInterval: "0",
  TransactionMessageAttempts: "3",
  TransactionMessageRetryInterval: "60",
  AuthorizeRemoteTxRequests: "false",
  LocalPreAuthorize: "false",
  LocalAuthorizeOffline: "true",
  AllowOfflineTxForUnknownId: "false",
  LocalAuthListEnabled: "true",
  AuthorizationCacheEnabled: "true",
  StopTransactionOnInvalidId: "true",
} as const;

/** Value of a setting that the station uses. */
export function settingValue(state: StationState, name: string): string {
  const changed = state.memory.configuration[name];
  return changed ?? (Object.hasOwn(DEFAULTS, name) ? DEFAULTS[name as keyof typeof DEFAULTS] : "");
}

export function settingNumber(state: StationState, name: keyof typeof DEFAULTS): number {
  return Number(settingValue(state, name));
}

export function isSettingOn(state: StationState, name: keyof typeof DEFAULTS): boolean {
  return settingValue(state, name) === "true";
}
