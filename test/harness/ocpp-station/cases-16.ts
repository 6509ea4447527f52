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
} from "./command-case.ts";
import { dataTransferOutcomes } from "./data-transfer-outcomes.ts";

const switches: CommandCase[] = [
  {
    path: "/reset",
    body: RESET_BODY,
    call: { action: "Reset", payload: { type: "Soft" } },
    outcomes: statusOutcomes({ type: "Soft" }, [
      ["Accepted", "accepted", "Soft reset accepted by charger"],
      ["Rejected", "rejected", "Soft reset rejected by charger"],
    ]),
  },
  {
    path: "/unlock",
    body: { connectorId: 1 },
    call: { action: "UnlockConnector", payload: { connectorId: 1 } },
    outcomes: statusOutcomes({ connectorId: 1 }, [
      ["Unlocked", "unlocked", "Connector unlocked successfully"],
      ["UnlockFailed", "unlock_failed", "Connector unlock failed"],
      ["NotSupported", "not_supported", "Unlocking is not supported by charger"],
    ]),
  },
  {
    path: "/cache/clear",
    body: {},
    call: { action: "ClearCache", payload: {} },
    outcomes: statusOutcomes({}, [
      ["Accepted", "accepted", "Cache cleared successfully"],
      ["Rejected", "rejected", "Cache clear rejected by charger"],
    ]),
  },
  {
    path: "/trigger",
    body: { requestedMessage: "StatusNotification", connectorId: 1 },
    call: {
      action: "TriggerMessage",
      payload: { requestedMessage: "StatusNotification", connectorId: 1 },
    },
    outcomes: statusOutcomes({ requestedMessage: "StatusNotification", connectorId: 1 }, [
      ["Accepted", "accepted", "Trigger accepted by charger"],
      ["Rejected", "rejected", "Trigger rejected by charger"],
      ["NotImplemented", "not_implemented", "Message not implemented by charger"],
    ]),
  },
  {
    path: "/availability",
    body: { connectorId: 0, type: "Inoperative" },
    call: { action: "ChangeAvailability", payload: { connectorId: 0, type: "Inoperative" } },
    outcomes: statusOutcomes({ connectorId: 0, type: "Inoperative" }, [
      ["Accepted", "accepted", "Availability change accepted by charger"],
      ["Scheduled", "scheduled", "Availability change scheduled until the transaction ends"],
      ["Rejected", "rejected", "Availability change rejected by charger"],
    ]),
  },
];

const configuration: CommandCase[] = [
  {
    path: "/configuration/get",
    body: { key: ["HeartbeatInterval", "AuthorizationKey", "Nonsense"] },
    call: {
      action: "GetConfiguration",
      payload: { key: ["HeartbeatInterval", "AuthorizationKey", "Nonsense"] },
    },
    outcomes: [
      {
        answer: {
          configurationKey: [
            { key: "HeartbeatInterval", readonly: false, value: "300" },
            { key: "AuthorizationKey", readonly: false, value: "0011223344556677" },
          ],
          unknownKey: ["Nonsense"],
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
      { answer: {}, body: { configurationKey: [], unknownKey: [], ocppStatus: null } },
    ],
  },
  {
    path: "/configuration/change",
    body: { key: "HeartbeatInterval", value: "600" },
    call: { action: "ChangeConfiguration", payload: { key: "HeartbeatInterval", value: "600" } },
    outcomes: statusOutcomes({ key: "HeartbeatInterval", value: "600" }, [
      ["Accepted", "Accepted", "Configuration changed successfully"],
      ["RebootRequired", "RebootRequired", "Configuration accepted, reboot required to apply it"],
      ["Rejected", "Rejected", "Configuration change rejected by charger"],
      ["NotSupported", "NotSupported", "Configuration key not supported by charger"],
    ]),
  },
];

const transfers: CommandCase[] = [
  {
    path: "/firmware/update",
    body: FIRMWARE_BODY,
    call: { action: "UpdateFirmware", payload: { ...FIRMWARE_BODY, retrieveDate: RETRIEVE_DATE } },
    outcomes: [
      {
        answer: {},
        body: {
          message: "Firmware update request delivered to charger",
          location: FIRMWARE_BODY.location,
          retrieveDate: RETRIEVE_DATE,
          ocppRequestId: null,
          status: "accepted",
          ocppStatus: null,
        },
      },
    ],
  },
  {
    path: "/diagnostics",
    body: DIAGNOSTICS_BODY,
    call: {
      action: "GetDiagnostics",
      payload: { ...DIAGNOSTICS_BODY, startTime: START_TIME, stopTime: STOP_TIME },
    },
    outcomes: [
      {
        answer: { fileName: "diag-2026-02-10.zip" },
        body: {
          message: "Diagnostics upload accepted by charger",
          fileName: "diag-2026-02-10.zip",
          ocppRequestId: null,
          status: "accepted",
          ocppStatus: null,
        },
      },
      {
        answer: {},
        body: {
          message: "Charger has no diagnostics for this request",
          fileName: null,
          ocppRequestId: null,
          status: "not_available",
          ocppStatus: null,
        },
      },
    ],
  },
  {
    path: "/data-transfer",
    body: TRANSFER_BODY,
    call: { action: "DataTransfer", payload: TRANSFER_BODY },
    outcomes: dataTransferOutcomes(),
  },
];

/** Every command on OCPP 1.6. */
export const CASES_16: CommandCase[] = [...switches, ...configuration, ...transfers];
