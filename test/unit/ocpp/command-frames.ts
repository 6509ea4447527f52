import type { ChargerCommand } from "../../../src/ocpp/commands.ts";
import type { Sent } from "./command-run.ts";

const location = "https://firmware.example.com/v2.0.0/firmware.bin";
const uploads = "https://uploads.example.com/diagnostics/";
const period = { startTime: "2026-02-09T00:00:00.000Z", stopTime: "2026-02-10T00:00:00.000Z" };
const retries = { retries: 3, retryInterval: 60 };
export const firmware: ChargerCommand = {
  kind: "updateFirmware",
  location,
  retrieveDate: "2026-02-10T14:00:00.000Z",
  ...retries,
};
export const diagnostics: ChargerCommand = { kind: "diagnostics", location: uploads, ...period, ...retries };
export const transfer: ChargerCommand = {
  kind: "dataTransfer",
  vendorId: "MyVendor",
  messageId: "GetDisplayMessage",
  data: '{"screen": 1}',
};
export const start: ChargerCommand = {
  kind: "remoteStart",
  connectorId: 1,
  idTag: "USER123",
  remoteStartId: 12345,
};
export const stop: ChargerCommand = {
  kind: "remoteStop",
  transactionId: 12345,
  ocppTransactionId: "6f6c2d0e-5b1f-4d42-9a53-51f1b7f1f4d5",
};
const heartbeat = { component: { name: "OCPPCommCtrlr" }, variable: { name: "HeartbeatInterval" } };

/** Every command with the CALL it becomes on 1.6 and on 2.x. */
export const commandFrames: [command: ChargerCommand, on16: Sent, on2x: Sent][] = [
  [{ kind: "reset", type: "Soft" }, ["Reset", { type: "Soft" }], ["Reset", { type: "OnIdle" }]],
  [{ kind: "reset", type: "Hard" }, ["Reset", { type: "Hard" }], ["Reset", { type: "Immediate" }]],
  [
    { kind: "unlock", connectorId: 1 },
    ["UnlockConnector", { connectorId: 1 }],
    ["UnlockConnector", { evseId: 1, connectorId: 1 }],
  ],
  [
    { kind: "unlock", connectorId: 3, evseConnectorId: 2 },
    ["UnlockConnector", { connectorId: 3 }],
    ["UnlockConnector", { evseId: 3, connectorId: 2 }],
  ],
  [{ kind: "clearCache" }, ["ClearCache", {}], ["ClearCache", {}]],
  [
    { kind: "trigger", requestedMessage: "StatusNotification", connectorId: 1 },
    ["TriggerMessage", { requestedMessage: "StatusNotification", connectorId: 1 }],
    ["TriggerMessage", { requestedMessage: "StatusNotification", evse: { id: 1, connectorId: 1 } }],
  ],
  [
    { kind: "trigger", requestedMessage: "MeterValues", connectorId: 2 },
    ["TriggerMessage", { requestedMessage: "MeterValues", connectorId: 2 }],
    ["TriggerMessage", { requestedMessage: "MeterValues", evse: { id: 2 } }],
  ],
  [
    { kind: "trigger", requestedMessage: "DiagnosticsStatusNotification" },
    ["TriggerMessage", { requestedMessage: "DiagnosticsStatusNotification" }],
    ["TriggerMessage", { requestedMessage: "LogStatusNotification" }],
  ],
  [
    { kind: "availability", connectorId: 0, type: "Inoperative" },
    ["ChangeAvailability", { connectorId: 0, type: "Inoperative" }],
    ["ChangeAvailability", { operationalStatus: "Inoperative" }],
  ],
  [
    { kind: "availability", connectorId: 1, type: "Operative" },
    ["ChangeAvailability", { connectorId: 1, type: "Operative" }],
    ["ChangeAvailability", { operationalStatus: "Operative", evse: { id: 1 } }],
  ],
  [
    { kind: "availability", connectorId: 1, evseConnectorId: 2, type: "Operative" },
    ["ChangeAvailability", { connectorId: 1, type: "Operative" }],
    ["ChangeAvailability", { operationalStatus: "Operative", evse: { id: 1, connectorId: 2 } }],
  ],
  [
    { kind: "getConfiguration", keys: ["HeartbeatInterval"] },
    ["GetConfiguration", { key: ["HeartbeatInterval"] }],
    ["GetVariables", { getVariableData: [heartbeat] }],
  ],
  [
    { kind: "changeConfiguration", key: "HeartbeatInterval", value: "600" },
    ["ChangeConfiguration", { key: "HeartbeatInterval", value: "600" }],
    ["SetVariables", { setVariableData: [{ ...heartbeat, attributeValue: "600" }] }],
  ],
  [
    firmware,
    ["UpdateFirmware", { location, retrieveDate: "2026-02-10T14:00:00.000Z", ...retries }],
    [
      "UpdateFirmware",
      { requestId: 17, firmware: { location, retrieveDateTime: "2026-02-10T14:00:00.000Z" }, ...retries },
    ],
  ],
  [
    diagnostics,
    ["GetDiagnostics", { location: uploads, ...period, ...retries }],
    [
      "GetLog",
      {
        logType: "DiagnosticsLog",
        requestId: 17,
        log: { remoteLocation: uploads, oldestTimestamp: period.startTime, latestTimestamp: period.stopTime },
        ...retries,
      },
    ],
  ],
  [
    transfer,
    ["DataTransfer", { vendorId: "MyVendor", messageId: "GetDisplayMessage", data: '{"screen": 1}' }],
    ["DataTransfer", { vendorId: "MyVendor", messageId: "GetDisplayMessage", data: '{"screen": 1}' }],
  ],
  [
    start,
    ["RemoteStartTransaction", { connectorId: 1, idTag: "USER123" }],
    [
      "RequestStartTransaction",
      { remoteStartId: 12345, idToken: { idToken: "USER123", type: "Central" }, evseId: 1 },
    ],
  ],
  [
    stop,
    ["RemoteStopTransaction", { transactionId: 12345 }],
    ["RequestStopTransaction", { transactionId: "6f6c2d0e-5b1f-4d42-9a53-51f1b7f1f4d5" }],
  ],
  [
    {
      kind: "sendLocalList",
      listVersion: 2,
      updateType: "Full",
      entries: [{ idTag: "A", status: "Accepted", expiryDate: "2026-12-31T23:59:59.000Z", parentIdTag: "P" }],
    },
    [
      "SendLocalList",
      {
        listVersion: 2,
        updateType: "Full",
        localAuthorizationList: [
          {
            idTag: "A",
            idTagInfo: { status: "Accepted", expiryDate: "2026-12-31T23:59:59.000Z", parentIdTag: "P" },
          },
        ],
      },
    ],
    [
      "SendLocalList",
      {
        versionNumber: 2,
        updateType: "Full",
        localAuthorizationList: [
          {
            idToken: { idToken: "A", type: "Central" },
            idTokenInfo: {
              status: "Accepted",
              cacheExpiryDateTime: "2026-12-31T23:59:59.000Z",
              groupIdToken: { idToken: "P", type: "Central" },
            },
          },
        ],
      },
    ],
  ],
  [
    {
      kind: "sendLocalList",
      listVersion: 4,
      updateType: "Differential",
      entries: [
        { idTag: "A", status: null, type: "ISO14443" },
        { idTag: "B", status: "Blocked", type: "eMAID", parentIdTag: "A group longer than 1.6 allows" },
      ],
    },
    [
      "SendLocalList",
      {
        listVersion: 4,
        updateType: "Differential",
        localAuthorizationList: [
          { idTag: "A" },
          { idTag: "B", idTagInfo: { status: "Blocked", parentIdTag: "G01ACF5EA44F7F4CA" } },
        ],
      },
    ],
    [
      "SendLocalList",
      {
        versionNumber: 4,
        updateType: "Differential",
        localAuthorizationList: [
          { idToken: { idToken: "A", type: "ISO14443" } },
          {
            idToken: { idToken: "B", type: "eMAID" },
            idTokenInfo: {
              status: "Blocked",
              groupIdToken: { idToken: "A group longer than 1.6 allows", type: "Central" },
            },
          },
        ],
      },
    ],
  ],
  [
    { kind: "sendLocalList", listVersion: 3, updateType: "Full", entries: [] },
    ["SendLocalList", { listVersion: 3, updateType: "Full" }],
    ["SendLocalList", { versionNumber: 3, updateType: "Full" }],
  ],
  [
    { kind: "setAuthorizationKey", authorizationKey: "6f1e0c9a4b7d2e8835c1f0a96b7d4e2c91a8f35b" },
    ["ChangeConfiguration", { key: "AuthorizationKey", value: "6f1e0c9a4b7d2e8835c1f0a96b7d4e2c91a8f35b" }],
    [
      "SetVariables",
      {
        setVariableData: [
          {
            component: { name: "SecurityCtrlr" },
            variable: { name: "BasicAuthPassword" },
            attributeValue: "6f1e0c9a4b7d2e8835c1f0a96b7d4e2c91a8f35b",
          },
        ],
      },
    ],
  ],
];
