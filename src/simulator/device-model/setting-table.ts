import { PERIODS_MAX, PROFILES_MAX, STACK_LEVEL_MAX } from "../station/charging-profile.ts";
import { changeHeartbeat } from "../lifecycle/heartbeat.ts";
import { LIST_LENGTH_MAX, LIST_PART_MAX } from "../charging/local-list.ts";
import { MEASURANDS } from "../station/measurands.ts";
import { rearmSampling } from "../charging/sampling.ts";
import { DEFAULTS } from "../station/setting-value.ts";
import { fixed, live, path, writable, type Setting } from "./settings.ts";

const integerBetween = (low: number, high: number) => (text: string) =>
  /^\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high;
const isFlag = (text: string) => text === "true" || text === "false";
const isMeasurandList = (text: string) =>
  text.split(",").every((each) => MEASURANDS.some((known) => known === each.trim()));

/** A valid key: hexadecimal digits of 16 to 20 bytes (OCPP-J 1.6 §6.2) or a 2.x `passwordString`. */
const isKey = (text: string) => /^[A-Za-z0-9*_=:+|@.-]{16,40}$/.test(text);

const seconds = { accepts: integerBetween(0, 604_800), type: "integer" } as const;
const flag = { accepts: isFlag, type: "boolean" } as const;
const measurands = { accepts: isMeasurandList, type: "MemberList" } as const;
const measurandsOrNone = {
  accepts: (text: string) => text === "" || isMeasurandList(text),
  type: "MemberList",
} as const;
const integer = { type: "integer" } as const;

const COMMUNICATION: readonly Setting[] = [
  {
    ...live("HeartbeatInterval", (state) => String(state.memory.heartbeatSeconds), integer),
    path2x: path("OCPPCommCtrlr", "HeartbeatInterval"),
    access: "readWrite",
    accepts: integerBetween(1, 604_800),
    apply: (turn, text) => changeHeartbeat(turn, Number(text)),
  },
  writable("MessageTimeout", path("OCPPCommCtrlr", "MessageTimeout", "Default"), DEFAULTS.MessageTimeout, {
    accepts: integerBetween(1, 600),
    type: "integer",
  }),
  writable(
    "WebSocketPingInterval",
    path("OCPPCommCtrlr", "WebSocketPingInterval"),
    DEFAULTS.WebSocketPingInterval,
    { ...seconds, needsReboot: true },
  ),
  writable("ResetRetries", path("OCPPCommCtrlr", "ResetRetries"), "0", {
    accepts: integerBetween(0, 10),
    type: "integer",
  }),
  writable(
    "TransactionMessageAttempts",
    path("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"),
    DEFAULTS.TransactionMessageAttempts,
    { accepts: integerBetween(1, 100), type: "integer" },
  ),
  writable(
    "TransactionMessageRetryInterval",
    path("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"),
    DEFAULTS.TransactionMessageRetryInterval,
    seconds,
  ),
  fixed("SupportedFileTransferProtocols", path("OCPPCommCtrlr", "FileTransferProtocols"), "FTP,HTTP,HTTPS", {
    type: "MemberList",
  }),
  fixed(null, path("OCPPCommCtrlr", "UnlockOnEVSideDisconnect"), "true", { type: "boolean" }),
  fixed("UnlockConnectorOnEVSideDisconnect", null, "true"),
  fixed("GetConfigurationMaxKeys", null, "100"),
  fixed(null, path("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"), "100", integer),
  fixed(null, path("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables"), "100", integer),
  fixed(null, path("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"), "100", integer),
  live("NumberOfConnectors", (state) => String(state.profile.connectors), integer),
  fixed(
    "SupportedFeatureProfiles",
    null,
    "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger",
  ),
  {
    ...live("SecurityProfile", ({ profile }) => String(profile.securityProfile), integer),
    path2x: path("SecurityCtrlr", "SecurityProfile"),
  },
  {
    ...live("AuthorizationKey", () => "", {}),
    path2x: path("SecurityCtrlr", "BasicAuthPassword"),
    access: "write",
    accepts: isKey,
    apply: (turn, text) => turn.emit({ kind: "rotateKey", key: text }),
  },
];

const AUTHORIZATION: readonly Setting[] = [
  writable(
    "AuthorizeRemoteTxRequests",
    path("AuthCtrlr", "AuthorizeRemoteStart"),
    DEFAULTS.AuthorizeRemoteTxRequests,
    flag,
  ),
  writable("LocalPreAuthorize", path("AuthCtrlr", "LocalPreAuthorize"), DEFAULTS.LocalPreAuthorize, flag),
  writable(
    "LocalAuthorizeOffline",
    path("AuthCtrlr", "LocalAuthorizeOffline"),
    DEFAULTS.LocalAuthorizeOffline,
    flag,
  ),
  writable(
    "AllowOfflineTxForUnknownId",
    path("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
    DEFAULTS.AllowOfflineTxForUnknownId,
    flag,
  ),
  writable(
    "AuthorizationCacheEnabled",
    path("AuthCacheCtrlr", "Enabled"),
    DEFAULTS.AuthorizationCacheEnabled,
    flag,
  ),
  writable(
    "LocalAuthListEnabled",
    path("LocalAuthListCtrlr", "Enabled"),
    DEFAULTS.LocalAuthListEnabled,
    flag,
  ),
  fixed("SendLocalListMaxLength", path("LocalAuthListCtrlr", "ItemsPerMessage"), `${LIST_PART_MAX}`, integer),
  fixed("LocalAuthListMaxLength", null, `${LIST_LENGTH_MAX}`),
  {
    ...live(null, (state) => `${Object.keys(state.memory.localList.entries).length}`, integer),
    path2x: path("LocalAuthListCtrlr", "Entries"),
    maxLimit: LIST_LENGTH_MAX,
  },
  fixed("ReserveConnectorZeroSupported", path("ReservationCtrlr", "NonEvseSpecific"), "false", {
    type: "boolean",
  }),
];

const TRANSACTIONS: readonly Setting[] = [
  writable(
    "MeterValueSampleInterval",
    path("SampledDataCtrlr", "TxUpdatedInterval"),
    DEFAULTS.MeterValueSampleInterval,
    { ...seconds, apply: rearmSampling },
  ),
  writable(
    "MeterValuesSampledData",
    path("SampledDataCtrlr", "TxUpdatedMeasurands"),
    DEFAULTS.MeterValuesSampledData,
    measurands,
  ),
  writable(
    "StopTxnSampledData",
    path("SampledDataCtrlr", "TxEndedMeasurands"),
    DEFAULTS.StopTxnSampledData,
    measurands,
  ),
  {
    ...writable(
      "TxStartedMeasurands",
      path("SampledDataCtrlr", "TxStartedMeasurands"),
      DEFAULTS.TxStartedMeasurands,
      measurands,
    ),
    key16: null,
  },
  writable(
    "StopTxnAlignedData",
    path("AlignedDataCtrlr", "TxEndedMeasurands"),
    DEFAULTS.StopTxnAlignedData,
    measurandsOrNone,
  ),
  writable(
    "ClockAlignedDataInterval",
    path("AlignedDataCtrlr", "Interval"),
    DEFAULTS.ClockAlignedDataInterval,
    { ...seconds, apply: rearmSampling },
  ),
  writable(
    "MeterValuesAlignedData",
    path("AlignedDataCtrlr", "Measurands"),
    DEFAULTS.MeterValuesAlignedData,
    measurands,
  ),
  fixed("ConnectorPhaseRotation", null, "NotApplicable"),
  writable("ConnectionTimeOut", path("TxCtrlr", "EVConnectionTimeOut"), DEFAULTS.ConnectionTimeOut, seconds),
  writable(
    "StopTransactionOnInvalidId",
    path("TxCtrlr", "StopTxOnInvalidId"),
    DEFAULTS.StopTransactionOnInvalidId,
    flag,
  ),
  fixed("MaxEnergyOnInvalidId", path("TxCtrlr", "MaxEnergyOnInvalidId"), "0", integer),
  fixed("StopTransactionOnEVSideDisconnect", path("TxCtrlr", "StopTxOnEVSideDisconnect"), "true", {
    type: "boolean",
  }),
];

const SMART_CHARGING: readonly Setting[] = [
  fixed(null, path("SmartChargingCtrlr", "Enabled"), "true", { type: "boolean" }),
  fixed("ChargeProfileMaxStackLevel", path("SmartChargingCtrlr", "ProfileStackLevel"), `${STACK_LEVEL_MAX}`, {
    type: "integer",
  }),
  fixed("ChargingScheduleAllowedChargingRateUnit", null, "Current,Power"),
  fixed(null, path("SmartChargingCtrlr", "RateUnit"), "A,W", { type: "MemberList" }),
  fixed(
    "ChargingScheduleMaxPeriods",
    path("SmartChargingCtrlr", "PeriodsPerSchedule"),
    `${PERIODS_MAX}`,
    integer,
  ),
  fixed("MaxChargingProfilesInstalled", null, `${PROFILES_MAX}`),
  {
    ...live(null, (state) => `${state.memory.profiles.length}`, integer),
    path2x: path("SmartChargingCtrlr", "Entries", "ChargingProfiles"),
    maxLimit: PROFILES_MAX,
  },
  fixed("ConnectorSwitch3to1PhaseSupported", path("SmartChargingCtrlr", "Phases3to1"), "true", {
    type: "boolean",
  }),
  fixed(null, path("SmartChargingCtrlr", "ACPhaseSwitchingSupported"), "true", { type: "boolean" }),
  {
    ...fixed(null, path("SmartChargingCtrlr", "SupportsFeature", "MaxOfflineDuration"), "true", {
      type: "boolean",
    }),
    isOnly21: true,
  },
];

export const SETTINGS: readonly Setting[] = [
  ...COMMUNICATION,
  ...AUTHORIZATION,
  ...TRANSACTIONS,
  ...SMART_CHARGING,
];
