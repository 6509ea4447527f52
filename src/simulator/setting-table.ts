import { changeHeartbeat } from "./heartbeat.ts";
import type { Setting } from "./settings.ts";

const integerBetween = (low: number, high: number) => (text: string) =>
  /^\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high;
const isFlag = (text: string) => text === "true" || text === "false";

/** 16 to 20 bytes in hex (OCPP-J 1.6 6.2), which is also a legal 2.x password; 2.x allows any `passwordString`. */
const isKey = (text: string) => /^[A-Za-z0-9*_=:+|@.-]{16,40}$/.test(text);

const seconds = { access: "readWrite", accepts: integerBetween(0, 604_800) } as const;
const fixed = (text: string) => ({ access: "read", value: () => text }) as const;

export const SETTINGS: readonly Setting[] = [
  {
    name: "HeartbeatInterval",
    key16: "HeartbeatInterval",
    path2x: { component: "OCPPCommCtrlr", variable: "HeartbeatInterval" },
    value: (state) => String(state.memory.heartbeatSeconds),
    access: "readWrite",
    live: true,
    accepts: integerBetween(1, 604_800),
    apply: (turn, text) => changeHeartbeat(turn, Number(text)),
  },
  {
    name: "MeterValueSampleInterval",
    key16: "MeterValueSampleInterval",
    path2x: { component: "SampledDataCtrlr", variable: "TxUpdatedInterval" },
    value: () => "60",
    ...seconds,
  },
  {
    name: "ClockAlignedDataInterval",
    key16: "ClockAlignedDataInterval",
    path2x: { component: "AlignedDataCtrlr", variable: "Interval" },
    value: () => "0",
    ...seconds,
  },
  {
    name: "MessageTimeout",
    key16: "MessageTimeout",
    path2x: { component: "OCPPCommCtrlr", variable: "MessageTimeout", instance: "Default" },
    value: () => "30",
    access: "readWrite",
    accepts: integerBetween(1, 600),
  },
  {
    name: "ConnectionTimeOut",
    key16: "ConnectionTimeOut",
    path2x: { component: "TxCtrlr", variable: "EVConnectionTimeOut" },
    value: () => "60",
    ...seconds,
  },
  {
    name: "WebSocketPingInterval",
    key16: "WebSocketPingInterval",
    path2x: { component: "OCPPCommCtrlr", variable: "WebSocketPingInterval" },
    value: () => "0",
    ...seconds,
    needsReboot: true,
  },
  {
    name: "TransactionMessageAttempts",
    key16: "TransactionMessageAttempts",
    path2x: { component: "OCPPCommCtrlr", variable: "MessageAttempts", instance: "TransactionEvent" },
    value: () => "3",
    access: "readWrite",
    accepts: integerBetween(1, 100),
  },
  {
    name: "TransactionMessageRetryInterval",
    key16: "TransactionMessageRetryInterval",
    path2x: { component: "OCPPCommCtrlr", variable: "MessageAttemptInterval", instance: "TransactionEvent" },
    value: () => "60",
    ...seconds,
  },
  {
    name: "AuthorizeRemoteTxRequests",
    key16: "AuthorizeRemoteTxRequests",
    path2x: { component: "AuthCtrlr", variable: "AuthorizeRemoteStart" },
    value: () => "false",
    access: "readWrite",
    accepts: isFlag,
  },
  {
    name: "LocalAuthListEnabled",
    key16: "LocalAuthListEnabled",
    path2x: { component: "LocalAuthListCtrlr", variable: "Enabled" },
    value: () => "true",
    access: "readWrite",
    accepts: isFlag,
  },
  {
    name: "NumberOfConnectors",
    key16: "NumberOfConnectors",
    path2x: null,
    access: "read",
    value: (state) => String(state.profile.connectors),
  },
  {
    name: "SupportedFeatureProfiles",
    key16: "SupportedFeatureProfiles",
    path2x: null,
    ...fixed("Core,RemoteTrigger"),
  },
  { name: "GetConfigurationMaxKeys", key16: "GetConfigurationMaxKeys", path2x: null, ...fixed("100") },
  {
    name: "ItemsPerMessageGet",
    key16: null,
    path2x: { component: "DeviceDataCtrlr", variable: "ItemsPerMessage", instance: "GetVariables" },
    ...fixed("100"),
  },
  {
    name: "ItemsPerMessageSet",
    key16: null,
    path2x: { component: "DeviceDataCtrlr", variable: "ItemsPerMessage", instance: "SetVariables" },
    ...fixed("100"),
  },
  {
    name: "AuthorizationKey",
    key16: "AuthorizationKey",
    path2x: { component: "SecurityCtrlr", variable: "BasicAuthPassword" },
    value: () => "",
    access: "write",
    accepts: isKey,
    apply: (turn, text) => turn.emit({ kind: "rotateKey", key: text }),
  },
];
