import { describe, expect, it } from "vitest";
import type { TagVerdict } from "../../../src/ocpp/handler.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";
import { handleSend } from "../../../src/ocpp/routing.ts";
import { routesV16 } from "../../../src/ocpp/v16/routing.ts";
import { routesV2x } from "../../../src/ocpp/v2x/routing.ts";
import type { OcppVersion } from "../../../src/ocpp/version.ts";
import { handleStrictly } from "./handle-strictly.ts";
import { context, NOW } from "./station.ts";
import { validatorsOf } from "./validators-of.ts";

const timestamp = "2026-11-21T09:00:00Z";
const component = { name: "Connector", evse: { id: 2, connectorId: 1 } };
const hash = { hashAlgorithm: "SHA256", issuerNameHash: "a", issuerKeyHash: "b", serialNumber: "1" };
const schedule = { id: 1, chargingRateUnit: "A", chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }] };
const profile = {
  id: 1,
  stackLevel: 0,
  chargingProfilePurpose: "TxDefaultProfile",
  chargingProfileKind: "Absolute",
  chargingSchedule: [schedule],
};
const limit = { chargingLimitSource: "EMS", isGridCritical: true };
const report = { requestId: 5, generatedAt: timestamp, seqNo: 1 };
const row = { component: { name: "A" }, variable: { name: "B" }, variableAttribute: [{ value: "1" }] };
const ocsp = { ...hash, responderURL: "http://ocsp.example.com" };

const both: [
  action: string,
  payload: JsonObject,
  answer: JsonObject,
  change: JsonObject | null,
  event: JsonObject | null,
][] = [
  [
    "ClearedChargingLimit",
    { chargingLimitSource: "EMS" },
    {},
    { type: "chargingLimit", evseId: 0, limit: null },
    { type: "notified", action: "ClearedChargingLimit" },
  ],
  [
    "FirmwareStatusNotification",
    { status: "Installed", requestId: 4 },
    {},
    null,
    { type: "firmwareStatus", requestId: 4 },
  ],
  [
    "Get15118EVCertificate",
    { iso15118SchemaVersion: "x", action: "Install", exiRequest: "x" },
    { status: "Failed", exiResponse: "" },
    null,
    null,
  ],
  ["GetCertificateStatus", { ocspRequestData: ocsp }, { status: "Failed" }, null, null],
  [
    "LogStatusNotification",
    { status: "AcceptedCanceled", requestId: 4 },
    {},
    null,
    { type: "diagnosticsStatus", requestId: 4 },
  ],
  [
    "MeterValues",
    { evseId: 0, meterValue: [{ timestamp, sampledValue: [{ value: 1 }] }] },
    {},
    null,
    { type: "meterValues", evseId: 0, transactionId: null, at: "2026-11-21T09:00:00.000Z" },
  ],
  [
    "NotifyChargingLimit",
    { chargingLimit: limit, evseId: 1 },
    {},
    { type: "chargingLimit", evseId: 1, source: "EMS", limit },
    { type: "notified", action: "NotifyChargingLimit" },
  ],
  [
    "NotifyCustomerInformation",
    { ...report, data: "personal", tbc: true },
    {},
    {
      type: "reportPart",
      report: "customerInformation",
      requestId: 5,
      seqNo: 1,
      isLast: false,
      rows: [{ data: "personal" }],
    },
    null,
  ],
  [
    "NotifyDisplayMessages",
    { requestId: 5 },
    {},
    { type: "reportPart", report: "displayMessages", seqNo: null, isLast: true },
    null,
  ],
  [
    "NotifyEVChargingNeeds",
    { evseId: 1, chargingNeeds: { requestedEnergyTransfer: "AC_single_phase" } },
    { status: "Rejected" },
    null,
    { type: "notified", action: "NotifyEVChargingNeeds" },
  ],
  [
    "NotifyEVChargingSchedule",
    { timeBase: timestamp, evseId: 1, chargingSchedule: schedule },
    { status: "Accepted" },
    null,
    { type: "notified", action: "NotifyEVChargingSchedule" },
  ],
  ["NotifyMonitoringReport", report, {}, { type: "reportPart", report: "monitoring" }, null],
  [
    "NotifyReport",
    { ...report, reportData: [row] },
    {},
    { type: "reportPart", report: "variables", rows: [row], isLast: true },
    null,
  ],
  [
    "PublishFirmwareStatusNotification",
    { status: "Published", location: ["http://x"] },
    {},
    null,
    { type: "firmwareStatus", published: true },
  ],
  [
    "ReportChargingProfiles",
    { requestId: 5, chargingLimitSource: "CSO", evseId: 1, chargingProfile: [profile], tbc: true },
    {},
    { type: "reportPart", report: "chargingProfiles", seqNo: null, isLast: false },
    null,
  ],
  [
    "ReservationStatusUpdate",
    { reservationId: 8, reservationUpdateStatus: "Expired" },
    {},
    { type: "reservationEnded", reservationId: 8, reportedStatus: "Expired" },
    { type: "notified", action: "ReservationStatusUpdate" },
  ],
  [
    "SecurityEventNotification",
    { type: "MemoryExhaustion", timestamp },
    {},
    null,
    { type: "securityEvent", name: "MemoryExhaustion" },
  ],
  ["SignCertificate", { csr: "x" }, { status: "Rejected" }, null, null],
  [
    "DataTransfer",
    { vendorId: "v", data: { any: [1] } },
    { status: "UnknownVendorId" },
    null,
    { type: "dataTransferReceived", data: { any: [1] } },
  ],
];

const only21: typeof both = [
  [
    "BatterySwap",
    {
      eventType: "BatteryIn",
      requestId: 1,
      idToken: { idToken: "T", type: "Central" },
      batteryData: [{ evseId: 1, serialNumber: "s", soC: 1, soH: 1 }],
    },
    {},
    null,
    { type: "notified" },
  ],
  ["ClosePeriodicEventStream", { id: 1 }, {}, null, null],
  ["NotifyDERAlarm", { controlType: "EnterService", timestamp }, {}, null, { type: "notified" }],
  ["NotifyDERStartStop", { controlId: "1", started: true, timestamp }, {}, null, { type: "notified" }],
  ["NotifyPriorityCharging", { transactionId: "x", activated: true }, {}, null, { type: "notified" }],
  [
    "NotifySettlement",
    { pspRef: "p", status: "Settled", settlementAmount: 1, settlementTime: timestamp },
    {},
    null,
    { type: "notified" },
  ],
  [
    "OpenPeriodicEventStream",
    { constantStreamData: { id: 1, variableMonitoringId: 1, params: {} } },
    { status: "Rejected" },
    null,
    null,
  ],
  ["PullDynamicScheduleUpdate", { chargingProfileId: 1 }, { status: "Rejected" }, null, null],
  ["ReportDERControl", { requestId: 5 }, {}, { type: "reportPart", report: "derControl" }, null],
  [
    "VatNumberValidation",
    { vatNumber: "NL1", evseId: 2 },
    { status: "Rejected", vatNumber: "NL1", evseId: 2 },
    null,
    null,
  ],
  [
    "GetCertificateChainStatus",
    { certificateStatusRequests: [{ source: "OCSP", urls: ["http://x"], certificateHashData: hash }] },
    {
      certificateStatus: [
        {
          source: "OCSP",
          status: "Failed",
          certificateHashData: hash,
          nextUpdate: "2026-11-22T10:00:00.000Z",
        },
      ],
    },
    null,
    null,
  ],
];

function expectHandled(
  version: OcppVersion,
  [action, payload, answer, change, event]: (typeof both)[number],
) {
  const handled = handleStrictly(context(version), action, payload);
  expect(handled.answer).toEqual(answer);
  expect(handled.changes).toMatchObject(change ? [change] : []);
  expect(handled.events).toMatchObject(event ? [event] : []);
}

describe("the messages of a 2.x station", () => {
  it.each(both)("%s is legal on 2.0.1 and 2.1 and answered within the schema", (...entry) => {
    expectHandled("ocpp2.0.1", entry);
    expectHandled("ocpp2.1", entry);
  });

  it.each(only21)("%s is legal on 2.1 and answered within the schema", (...entry) => {
    expectHandled("ocpp2.1", entry);
  });

  it("are all in the table, and every table row is an action of its version", () => {
    const tested = [...both, ...only21].map(([action]) => action);
    const elsewhere = [
      "Authorize",
      "BootNotification",
      "Heartbeat",
      "NotifyEvent",
      "NotifyPeriodicEventStream",
      "StatusNotification",
    ];
    expect([...tested, ...elsewhere, "TransactionEvent"].toSorted()).toEqual(
      Object.keys(routesV2x).toSorted(),
    );
    for (const action of Object.keys(routesV2x))
      expect(validatorsOf("ocpp2.1").actions.has(action), action).toBe(true);
    for (const action of Object.keys(routesV16))
      expect(validatorsOf("ocpp1.6").actions.has(action), action).toBe(true);
  });

  it("handle a periodic event stream without an answer", () => {
    const payload = { id: 1, pending: 0, basetime: timestamp, data: [{ t: 0, v: "1" }] };
    const frame = { kind: "send" as const, id: "m", action: "NotifyPeriodicEventStream", payload };
    expect(handleSend(frame, context("ocpp2.1"), validatorsOf("ocpp2.1"), "strict")).toMatchObject({
      refused: null,
      events: [{ type: "notified", action: "NotifyPeriodicEventStream", payload }],
    });
  });
});

describe("Authorize on 2.x", () => {
  const authorize = (tags: Record<string, Partial<TagVerdict>>, fields: JsonObject = {}) =>
    handleStrictly(context("ocpp2.0.1", {}, tags), "Authorize", {
      idToken: { idToken: "T", type: "ISO14443" },
      ...fields,
    }).answer;

  it.each(["Accepted", "Blocked", "Expired", "Unknown", "NotAtThisLocation", "ConcurrentTx"] as const)(
    "answers %s",
    (status) => {
      expect(authorize({ T: { status } })).toEqual({ idTokenInfo: { status } });
    },
  );

  it("answers the known group and expiry", () => {
    expect(authorize({ T: { parentIdTag: "P", expiryDate: NOW.toISOString() } })).toEqual({
      idTokenInfo: {
        status: "Accepted",
        cacheExpiryDateTime: NOW.toISOString(),
        groupIdToken: { idToken: "P", type: "Central" },
      },
    });
  });

  it.each([
    ["certificate", "x"],
    [
      "iso15118CertificateHashData",
      [
        {
          hashAlgorithm: "SHA256",
          issuerNameHash: "a",
          issuerKeyHash: "b",
          serialNumber: "c",
          responderURL: "https://x.test",
        },
      ],
    ],
  ])("refuses a contract %s, which cannot be verified here, and has that remembered", (name, value) => {
    const { answer, changes } = handleStrictly(context("ocpp2.0.1", {}, { T: {} }), "Authorize", {
      idToken: { idToken: "T", type: "eMAID" },
      [name]: value,
    });
    expect(answer).toEqual({ idTokenInfo: { status: "Invalid" }, certificateStatus: "CertChainError" });
    expect(changes).toEqual([{ type: "tokenRefused", token: "T" }]);
  });

  it("refuses a token whose certificate was refused, also without the certificate", () => {
    const ctx = context("ocpp2.0.1", { refusedTokens: new Set(["t"]) }, { T: {}, other: {} });
    const told = (idToken: string, type: string) =>
      handleStrictly(ctx, "Authorize", { idToken: { idToken, type } }).answer;
    expect(told("T", "eMAID")).toEqual({ idTokenInfo: { status: "Invalid" } });
    expect(told("other", "eMAID")).toEqual({ idTokenInfo: { status: "Accepted" } });
    expect(told("T", "NoAuthorization")).toEqual({ idTokenInfo: { status: "Accepted" } });
  });
});

describe("NotifyEvent", () => {
  const event = (variable: string, actualValue: string, name = "Connector") => ({
    generatedAt: timestamp,
    seqNo: 0,
    eventData: [
      {
        eventId: 1,
        timestamp,
        trigger: "Delta",
        actualValue,
        component: { ...component, name },
        variable: { name: variable },
        eventNotificationType: "PreconfiguredMonitor",
      },
    ],
  });

  it.each([
    ["AvailabilityState", "Reserved", "Reserved"],
    ["Problem", "true", "Faulted"],
  ])("tells a connector whose %s is %s as %s, like StatusNotification", (variable, value, status) => {
    const { answer, changes, events } = handleStrictly(
      context("ocpp2.1"),
      "NotifyEvent",
      event(variable, value),
    );
    expect(answer).toEqual({});
    expect(changes).toMatchObject([{ type: "connectorStatus", evseId: 2, connectorId: 1, status }]);
    expect(events).toMatchObject([{ type: "notified" }, { type: "connectorStatusChanged", status }]);
  });

  it.each([
    ["Problem", "false", "Connector"],
    ["Problem", "false", "EVSE"],
    ["Temperature", "80", "Connector"],
    ["AvailabilityState", "Available", "EVSE"],
  ])("only keeps %s %s of %s", (variable, value, name) => {
    const { changes, events } = handleStrictly(
      context("ocpp2.0.1"),
      "NotifyEvent",
      event(variable, value, name),
    );
    expect(changes).toEqual([]);
    expect(events).toMatchObject([{ type: "notified", action: "NotifyEvent" }]);
  });

  it("has the time of the station, or the receive time without one", () => {
    const atOf = (action: string, payload: JsonObject) =>
      handleStrictly(context("ocpp2.0.1"), action, payload).events.map(({ at }) => at);
    expect(atOf("NotifyEvent", event("Temperature", "80"))).toEqual(["2026-11-21T09:00:00.000Z"]);
    expect(atOf("ClearedChargingLimit", { chargingLimitSource: "EMS" })).toEqual([NOW.toISOString()]);
  });

  it("stores no secret that it reports", () => {
    const { events } = handleStrictly(
      context("ocpp2.0.1"),
      "NotifyEvent",
      event("BasicAuthPassword", "hunter2", "SecurityCtrlr"),
    );
    expect(JSON.stringify(events)).not.toContain("hunter2");
  });
});
