import { expect } from "vitest";
import {
  DIAGNOSTICS_BODY,
  FIRMWARE_BODY,
  RESET_BODY,
  RETRIEVE_DATE,
  START_TIME,
  statusOutcomes,
  STOP_TIME,
  TRANSFER_BODY,
  type CommandCase,
  type StatusRow,
} from "./command-case.ts";
import { dataTransferOutcomes } from "./data-transfer-outcomes.ts";

const INFO = { reasonCode: "Busy", additionalInfo: "a car is charging" };
const REQUEST_ID: unknown = expect.any(Number);

const switches: CommandCase[] = [
  {
    path: "/reset",
    body: RESET_BODY,
    call: { action: "Reset", payload: { type: "OnIdle" } },
    outcomes: statusOutcomes(
      { type: "Soft" },
      [
        ["Accepted", "accepted", "Soft reset accepted by charger"],
        ["Scheduled", "scheduled", "Soft reset scheduled by charger until no transaction is active"],
        ["Rejected", "rejected", "Soft reset rejected by charger"],
      ],
      INFO,
    ),
  },
  {
    path: "/unlock",
    body: { connectorId: 1, evseConnectorId: 2 },
    call: { action: "UnlockConnector", payload: { evseId: 1, connectorId: 2 } },
    outcomes: statusOutcomes(
      { connectorId: 1 },
      [
        ["Unlocked", "unlocked", "Connector unlocked successfully"],
        ["UnlockFailed", "unlock_failed", "Connector unlock failed"],
        [
          "OngoingAuthorizedTransaction",
          "ongoing_transaction",
          "Connector not unlocked: an authorised transaction is running",
        ],
        ["UnknownConnector", "unknown_connector", "Connector unknown to charger"],
      ],
      INFO,
    ),
  },
  {
    path: "/cache/clear",
    body: {},
    call: { action: "ClearCache", payload: {} },
    outcomes: statusOutcomes(
      {},
      [
        ["Accepted", "accepted", "Cache cleared successfully"],
        ["Rejected", "rejected", "Cache clear rejected by charger"],
      ],
      INFO,
    ),
  },
  {
    path: "/trigger",
    body: { requestedMessage: "StatusNotification", connectorId: 1 },
    call: {
      action: "TriggerMessage",
      payload: { requestedMessage: "StatusNotification", evse: { id: 1, connectorId: 1 } },
    },
    outcomes: statusOutcomes(
      { requestedMessage: "StatusNotification", connectorId: 1 },
      [
        ["Accepted", "accepted", "Trigger accepted by charger"],
        ["Rejected", "rejected", "Trigger rejected by charger"],
        ["NotImplemented", "not_implemented", "Message not implemented by charger"],
      ],
      INFO,
    ),
  },
  {
    path: "/availability",
    body: { connectorId: 1, type: "Inoperative" },
    call: {
      action: "ChangeAvailability",
      payload: { operationalStatus: "Inoperative", evse: { id: 1 } },
    },
    outcomes: statusOutcomes(
      { connectorId: 1, type: "Inoperative" },
      [
        ["Accepted", "accepted", "Availability change accepted by charger"],
        ["Scheduled", "scheduled", "Availability change scheduled until the transaction ends"],
        ["Rejected", "rejected", "Availability change rejected by charger"],
      ],
      INFO,
    ),
  },
];

const HEARTBEAT = { component: { name: "OCPPCommCtrlr" }, variable: { name: "HeartbeatInterval" } };
const PASSWORD = { component: { name: "SecurityCtrlr" }, variable: { name: "BasicAuthPassword" } };

const ITEMS_PER_MESSAGE = {
  component: { name: "DeviceDataCtrlr" },
  variable: { name: "ItemsPerMessage", instance: "GetVariables" },
};

const read: CommandCase = {
  path: "/configuration/get",
  body: { key: ["HeartbeatInterval", "AuthorizationKey", "Nonsense"] },
  // A key that has no counterpart on 2.x is not sent.
  call: { action: "GetVariables", payload: { getVariableData: [HEARTBEAT, PASSWORD] } },
  question: { action: "GetVariables", payload: { getVariableData: [ITEMS_PER_MESSAGE] } },
  outcomes: [
    {
      answer: {
        getVariableResult: [
          { attributeStatus: "Accepted", attributeValue: "300", ...HEARTBEAT },
          { attributeStatus: "Rejected", ...PASSWORD },
        ],
      },
      body: {
        configurationKey: [
          { key: "HeartbeatInterval", readonly: false, value: "300" },
          { key: "AuthorizationKey", readonly: false },
        ],
        unknownKey: ["Nonsense"],
        ocppStatus: null,
      },
    },
    {
      answer: {
        getVariableResult: [
          { attributeStatus: "UnknownVariable", ...HEARTBEAT },
          { attributeStatus: "UnknownComponent", ...PASSWORD },
        ],
      },
      body: {
        configurationKey: [],
        unknownKey: ["HeartbeatInterval", "AuthorizationKey", "Nonsense"],
        ocppStatus: null,
      },
    },
  ],
};

const WRITTEN: StatusRow[] = [
  ["Accepted", "Accepted", "Configuration changed successfully"],
  ["RebootRequired", "RebootRequired", "Configuration accepted, reboot required to apply it"],
  ["Rejected", "Rejected", "Configuration change rejected by charger"],
  ["UnknownVariable", "NotSupported", "Configuration key not supported by charger"],
  ["UnknownComponent", "NotSupported", "Configuration key not supported by charger"],
  ["NotSupportedAttributeType", "NotSupported", "Configuration key not supported by charger"],
];

const change: CommandCase = {
  path: "/configuration/change",
  body: { key: "HeartbeatInterval", value: "600" },
  call: {
    action: "SetVariables",
    payload: { setVariableData: [{ ...HEARTBEAT, attributeValue: "600" }] },
  },
  outcomes: WRITTEN.map(([ocppStatus, status, message]) => ({
    answer: { setVariableResult: [{ attributeStatus: ocppStatus, ...HEARTBEAT }] },
    body: { key: "HeartbeatInterval", value: "600", status, message, ocppStatus },
  })),
};

const { location, retrieveDate: _retrieveDate, ...retries } = FIRMWARE_BODY;

const transfers: CommandCase[] = [
  {
    path: "/firmware/update",
    body: FIRMWARE_BODY,
    call: {
      action: "UpdateFirmware",
      payload: { requestId: REQUEST_ID, firmware: { location, retrieveDateTime: RETRIEVE_DATE }, ...retries },
    },
    outcomes: statusOutcomes(
      { location, retrieveDate: RETRIEVE_DATE, ocppRequestId: REQUEST_ID },
      [
        ["Accepted", "accepted", "Firmware update accepted by charger"],
        ["Rejected", "rejected", "Firmware update rejected by charger"],
        [
          "AcceptedCanceled",
          "accepted_canceled",
          "Firmware update accepted by charger, an earlier one was canceled",
        ],
        ["InvalidCertificate", "invalid_certificate", "Firmware signing certificate invalid to charger"],
        ["RevokedCertificate", "revoked_certificate", "Firmware signing certificate revoked"],
      ],
      INFO,
    ),
  },
  {
    path: "/diagnostics",
    body: DIAGNOSTICS_BODY,
    call: {
      action: "GetLog",
      payload: {
        logType: "DiagnosticsLog",
        requestId: REQUEST_ID,
        log: {
          remoteLocation: DIAGNOSTICS_BODY.location,
          oldestTimestamp: START_TIME,
          latestTimestamp: STOP_TIME,
        },
        ...retries,
      },
    },
    outcomes: statusOutcomes(
      { fileName: null, ocppRequestId: REQUEST_ID },
      [
        ["Accepted", "accepted", "Diagnostics upload accepted by charger"],
        ["Rejected", "rejected", "Diagnostics upload rejected by charger"],
        [
          "AcceptedCanceled",
          "accepted_canceled",
          "Diagnostics upload accepted by charger, an earlier one was canceled",
        ],
      ],
      INFO,
    ),
  },
  {
    path: "/data-transfer",
    body: TRANSFER_BODY,
    call: { action: "DataTransfer", payload: TRANSFER_BODY },
    outcomes: dataTransferOutcomes(INFO),
  },
];

/** Every command on OCPP 2.0.1 and 2.1. */
export const CASES_2X: CommandCase[] = [...switches, read, change, ...transfers];
