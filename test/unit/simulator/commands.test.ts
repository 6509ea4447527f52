import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { dialect16 } from "../../../src/simulator/v16/dialect.ts";
import { dialect2x } from "../../../src/simulator/v2x/dialect.ts";
import { statusOf } from "../../../src/simulator/station/state.ts";
import { validatorsOf } from "../ocpp/validators-of.ts";
import { StationUnderTest } from "./station-under-test.ts";

const key = "0123456789abcdef0123456789abcdef01234567";
const variable = (component: string, name: string, instance?: string) => ({
  component: { name: component },
  variable: { name, ...(instance && { instance }) },
});

describe.each(OCPP_VERSIONS)("a %s station", (version) => {
  const type = version === "ocpp1.6" ? "Soft" : "OnIdle";

  test("answers Reset, then disconnects, reconnects and boots", () => {
    const station = StationUnderTest.booted(version);
    expect(station.call("Reset", { type })?.payload).toEqual({ status: "Accepted" });
    expect(station.fire("restart")).toContainEqual({ kind: "close", code: 1000, reason: "reboot" });
    expect(station.state.memory.booted).toBe(false);
    station.input({ kind: "disconnected" });
    expect(station.fire("dial")).toContainEqual({ kind: "dial" });
    station.input({ kind: "connected" });
    expect(station.calls("BootNotification")).toHaveLength(2);
    if (version !== "ocpp1.6")
      expect(station.calls("BootNotification")[1]?.payload["reason"]).toBe("RemoteReset");
  });

  test("answers a CALL while one of its own is outstanding", () => {
    const station = StationUnderTest.booted(version);
    station.fire("heartbeat");
    expect(station.call("ClearCache", {})?.payload).toEqual({ status: "Accepted" });
    expect(station.state.outstanding?.action).toBe("Heartbeat");
  });

  test.each(["CallError", "Silence", "Drop"])("rehearses %s with the next CALL, once", (fault) => {
    const station = StationUnderTest.booted(version);
    const order = { vendorId: "Busbar", messageId: "Rehearse", data: fault };
    expect(station.call("DataTransfer", order)?.payload).toEqual({ status: "Accepted", data: fault });
    const answer = station.call("ClearCache", {});
    const hasClosed = station.effects.some(({ kind }) => kind === "close");
    expect([answer?.type, hasClosed]).toEqual([fault === "CallError" ? 4 : undefined, fault === "Drop"]);
    if (fault === "Drop") {
      station.input({ kind: "disconnected" });
      station.fire("dial");
      station.input({ kind: "connected" });
      expect(station.calls("BootNotification")).toHaveLength(1);
    }
    expect(station.call("ClearCache", {})?.payload).toEqual({ status: "Accepted" });
  });

  test("rehearses a refusal with a status of the action, and as NotSupported if it has none", () => {
    const station = StationUnderTest.booted(version);
    const refused = (action: string, payload: Record<string, unknown>) => {
      station.call("DataTransfer", { vendorId: "Busbar", messageId: "Rehearse", data: "Refused" });
      const answer = station.call(action, payload);
      return answer?.type === 3 ? answer.payload : answer?.action;
    };
    expect(refused("Reset", { type })).toEqual({ status: "Rejected" });
    expect(station.timers.has("restart")).toBe(false);
    expect(refused("UnlockConnector", { connectorId: 1, evseId: 1 })).toEqual({ status: "UnlockFailed" });
    const update = refused("UpdateFirmware", {});
    expect(update).toEqual(version === "ocpp1.6" ? "NotSupported" : { status: "Rejected" });
    expect(refused("GetLocalListVersion", {})).toBe("NotSupported");
    expect(station.call("ClearCache", {})?.payload).toEqual({ status: "Accepted" });
  });

  test("refuses every command on rehearsal with a valid answer and without an effect", () => {
    const station = StationUnderTest.booted(version);
    const wordless = ["GetLocalListVersion", "GetTransactionStatus", "CostUpdated"];
    wordless.push("GetPeriodicEventStream", "NotifyWebPaymentStarted");
    if (version === "ocpp1.6") wordless.push("UpdateFirmware");
    const data = [variable("OCPPCommCtrlr", "HeartbeatInterval")];
    const setMonitoringData = data.map((one) => ({ ...one, type: "Delta", severity: 5 }));
    const payload = { key: ["A"], id: [1], setVariableData: data, getVariableData: data, setMonitoringData };
    const before = station.state.memory;
    const { actions } = version === "ocpp1.6" ? dialect16 : dialect2x;
    const { actions: known } = validatorsOf(version);
    for (const action of Object.keys(actions).filter((one) => known.has(one))) {
      station.call("DataTransfer", { vendorId: "Busbar", messageId: "Rehearse", data: "Refused" });
      const answer = station.call(action, payload);
      if (wordless.includes(action)) {
        expect([action, answer?.type, answer?.action]).toEqual([action, 4, "NotSupported"]);
        continue;
      }
      expect([action, answer?.type]).toEqual([action, 3]);
      expect([action, validatorsOf(version).response(action, answer?.payload)]).toEqual([action, null]);
      expect(JSON.stringify(answer?.payload)).not.toMatch(/"(?:Accepted|Scheduled|Unlocked|RebootRequired)"/);
    }
    expect(station.state.memory).toEqual(before);
  });

  test("keeps a fault for the action that was named", () => {
    const station = StationUnderTest.booted(version);
    const order = { vendorId: "Busbar", messageId: "Rehearse", data: "Refused SetChargingProfile" };
    expect(station.call("DataTransfer", order)?.payload).toMatchObject({ status: "Accepted" });
    expect(station.call("ClearCache", {})?.payload).toEqual({ status: "Accepted" });
    expect(station.call("SetChargingProfile", {})?.payload).toEqual({ status: "Rejected" });
    expect(station.call("SetChargingProfile", {})?.type).toBe(4);
  });

  test.each(["Fire", "Refused Fire", "Refused Reset now", ""])("rehearses nothing for %j", (data) => {
    const station = StationUnderTest.booted(version);
    const order = { vendorId: "Busbar", messageId: "Rehearse", data };
    expect(station.call("DataTransfer", order)?.payload).toEqual({ status: "Rejected" });
    expect(station.call("ClearCache", {})?.payload).toEqual({ status: "Accepted" });
  });

  test("answers every CALL with SecurityError while it is rejected", () => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    station.answer({ status: "Rejected", interval: 600 });
    expect(station.call("Reset", { type })).toMatchObject({ type: 4, action: "SecurityError" });
    expect(station.state.link).toBe("up");
  });

  test("sends a triggered message also while its boot is pending", () => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    station.answer({ status: "Pending", interval: 60 });
    expect(station.call("TriggerMessage", { requestedMessage: "Heartbeat" })?.payload).toEqual({
      status: "Accepted",
    });
    expect(station.calls("Heartbeat")).toHaveLength(1);
    station.answerAll();
    station.call("TriggerMessage", { requestedMessage: "BootNotification" });
    const [first, triggered, ...more] = station.calls("BootNotification").map(({ payload }) => payload);
    expect([first?.["reason"], triggered?.["reason"], more]).toEqual(
      version === "ocpp1.6" ? [undefined, undefined, []] : ["PowerUp", "Triggered", []],
    );
    expect(triggered).toBeDefined();
  });

  test("boots on a trigger once it was accepted if it speaks 1.6, and refuses it if it speaks 2.x", () => {
    const station = StationUnderTest.booted(version);
    const answer = station.call("TriggerMessage", { requestedMessage: "BootNotification" });
    const boots = version === "ocpp1.6" ? 2 : 1;
    expect(answer?.payload).toEqual({ status: boots === 2 ? "Accepted" : "Rejected" });
    expect(station.calls("BootNotification")).toHaveLength(boots);
  });

  test("answers NotImplemented for a message that cannot be triggered", () => {
    const answer = StationUnderTest.booted(version).call("TriggerMessage", {
      requestedMessage: "SignV2GCertificate",
    });
    expect(answer?.payload).toEqual({ status: "NotImplemented" });
  });

  test("knows no other vendor", () => {
    expect(StationUnderTest.booted(version).call("DataTransfer", { vendorId: "x" })?.payload).toEqual({
      status: "UnknownVendorId",
    });
    expect(
      StationUnderTest.booted(version).call("DataTransfer", { vendorId: "busbar", data: "hello" })?.payload,
    ).toEqual({
      status: "Accepted",
      data: "hello",
    });
  });
});

describe("a 1.6 station", () => {
  test.each([
    ["TriggerMessage", "DiagnosticsStatusNotification", "Accepted"],
    ["TriggerMessage", "LogStatusNotification", "NotImplemented"],
    ["TriggerMessage", "TransactionEvent", "NotImplemented"],
    ["ExtendedTriggerMessage", "LogStatusNotification", "Accepted"],
    ["ExtendedTriggerMessage", "DiagnosticsStatusNotification", "NotImplemented"],
    ["ExtendedTriggerMessage", "SignChargePointCertificate", "NotImplemented"],
  ])("answers %s of %s with %s", (action, requestedMessage, status) => {
    expect(StationUnderTest.booted("ocpp1.6").call(action, { requestedMessage })?.payload).toEqual({
      status,
    });
  });

  test("reports a connector taken out of service, stores it and boots with it", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    station.call("ChangeAvailability", { connectorId: 1, type: "Inoperative" });
    expect(station.calls("StatusNotification").at(-1)?.payload).toMatchObject({
      connectorId: 1,
      status: "Unavailable",
    });
    expect(station.effects).toContainEqual({ kind: "remember" });
    expect(station.state.memory.inoperative).toEqual([1]);
    station.answerAll();
    station.call("ChangeAvailability", { connectorId: 1, type: "Operative" });
    expect(station.calls("StatusNotification").at(-1)?.payload).toMatchObject({
      connectorId: 1,
      status: "Available",
    });
  });

  test("takes everything out of service with connector 0", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    station.call("ChangeAvailability", { connectorId: 0, type: "Inoperative" });
    station.answerAll();
    expect(
      station
        .calls("StatusNotification")
        .slice(-3)
        .map(({ payload }) => payload["status"]),
    ).toEqual(["Unavailable", "Unavailable", "Unavailable"]);
  });

  const statusesOf = (station: StationUnderTest) =>
    [0, 1, 2].map((connectorId) => statusOf(station.state.memory, connectorId));

  test("puts everything back into service with connector 0, whatever was taken out before", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    station.call("ChangeAvailability", { connectorId: 1, type: "Inoperative" });
    station.call("ChangeAvailability", { connectorId: 0, type: "Operative" });
    expect(statusesOf(station)).toEqual(["Available", "Available", "Available"]);
  });

  test("puts one connector back into service after all were taken out with connector 0", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    station.call("ChangeAvailability", { connectorId: 0, type: "Inoperative" });
    station.call("ChangeAvailability", { connectorId: 2, type: "Operative" });
    expect(statusesOf(station)).toEqual(["Available", "Unavailable", "Available"]);
  });

  test("takes free connectors out of service with connector 0 at once, and an occupied one after its transaction", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    station.charge();
    const answer = station.call("ChangeAvailability", { connectorId: 0, type: "Inoperative" });
    expect(answer?.payload).toEqual({ status: "Scheduled" });
    expect(station.state.memory.inoperative).toEqual([2]);
    expect(station.state.memory.scheduled).toEqual({ 0: false, 1: false });
  });

  test("refuses a connector it does not have", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    const availability = station.call("ChangeAvailability", { connectorId: 3, type: "Operative" });
    expect(availability?.payload).toEqual({ status: "Rejected" });
    expect(station.call("UnlockConnector", { connectorId: 3 })?.payload).toEqual({ status: "NotSupported" });
    expect(station.call("UnlockConnector", { connectorId: 2 })?.payload).toEqual({ status: "Unlocked" });
    const status = station.call("TriggerMessage", { requestedMessage: "StatusNotification", connectorId: 3 });
    expect(status?.payload).toEqual({ status: "Rejected" });
  });

  test.each([
    ["HeartbeatInterval", "60", "Accepted"],
    ["heartbeatinterval", "60", "Accepted"],
    ["HeartbeatInterval", "soon", "Rejected"],
    ["NumberOfConnectors", "7", "Rejected"],
    ["WebSocketPingInterval", "30", "RebootRequired"],
    ["NoSuchKey", "1", "NotSupported"],
    ["AuthorizationKey", "short", "Rejected"],
  ])("answers ChangeConfiguration of %s to %s with %s", (name, value, status) => {
    expect(
      StationUnderTest.booted("ocpp1.6").call("ChangeConfiguration", { key: name, value })?.payload,
    ).toEqual({ status });
  });

  test("returns written values, and names unknown keys", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    station.call("ChangeConfiguration", { key: "MeterValueSampleInterval", value: "15" });
    expect(station.call("GetConfiguration", { key: ["MeterValueSampleInterval", "Nope"] })?.payload).toEqual({
      configurationKey: [{ key: "MeterValueSampleInterval", readonly: false, value: "15" }],
      unknownKey: ["Nope"],
    });
  });

  test("stores a new key before it accepts it, and never reports it", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    const from = station.effects.length;
    expect(
      station.call("ChangeConfiguration", { key: "AuthorizationKey", value: key })?.payload["status"],
    ).toBe("Accepted");
    expect(station.effects.slice(from).map((effect) => effect.kind)).toEqual(["rotateKey", "send"]);
    expect(JSON.stringify([station.state, station.call("GetConfiguration", {})])).not.toContain(key);
  });

  test("sends heartbeats at a new interval at once", () => {
    const station = StationUnderTest.booted("ocpp1.6");
    station.call("ChangeConfiguration", { key: "HeartbeatInterval", value: "10" });
    const startMs = station.nowMs;
    station.fire("heartbeat");
    expect(station.nowMs - startMs).toBeLessThanOrEqual(10_000);
    expect(station.state.memory.heartbeatSeconds).toBe(10);
  });
});

describe("a 2.x station", () => {
  test.each([
    [undefined, "Rejected", 0],
    [{ id: 1 }, "Rejected", 0],
    [{ id: 3, connectorId: 1 }, "Rejected", 0],
    [{ id: 1, connectorId: 1 }, "Accepted", 1],
  ])("answers the trigger of a status at %j with %s", (evse, status, count) => {
    const station = StationUnderTest.booted("ocpp2.0.1");
    const before = station.calls("StatusNotification").length;
    const request = { requestedMessage: "StatusNotification", ...(evse && { evse }) };
    expect(station.call("TriggerMessage", request)?.payload).toEqual({ status });
    expect(station.calls("StatusNotification")).toHaveLength(before + count);
  });

  test("answers each variable for itself", () => {
    const station = StationUnderTest.booted("ocpp2.0.1");
    const answer = station.call("GetVariables", {
      getVariableData: [
        variable("OCPPCommCtrlr", "HeartbeatInterval"),
        variable("Nope", "HeartbeatInterval"),
        variable("OCPPCommCtrlr", "Nope"),
        { ...variable("OCPPCommCtrlr", "HeartbeatInterval"), attributeType: "MaxSet" },
        variable("SecurityCtrlr", "BasicAuthPassword"),
        variable("OCPPCommCtrlr", "MessageTimeout", "Default"),
      ],
    });
    const results = answer?.payload["getVariableResult"] as Array<Record<string, unknown>>;
    expect(results.map((result) => [result["attributeStatus"], result["attributeValue"]])).toEqual([
      ["Accepted", "300"],
      ["UnknownComponent", undefined],
      ["UnknownVariable", undefined],
      ["NotSupportedAttributeType", undefined],
      ["Rejected", undefined],
      ["Accepted", "30"],
    ]);
  });

  test("rotates its password and sets several variables at once", () => {
    const station = StationUnderTest.booted("ocpp2.1");
    const answer = station.call("SetVariables", {
      setVariableData: [
        { attributeValue: key, ...variable("SecurityCtrlr", "BasicAuthPassword") },
        { attributeValue: "45", ...variable("SampledDataCtrlr", "TxUpdatedInterval") },
      ],
    });
    const results = answer?.payload["setVariableResult"] as Array<Record<string, unknown>>;
    expect(results.map((result) => result["attributeStatus"])).toEqual(["Accepted", "Accepted"]);
    expect(station.effects).toContainEqual({ kind: "rotateKey", key });
    expect(station.state.memory.configuration).toEqual({ MeterValueSampleInterval: "45" });
  });

  test("takes one EVSE out of service", () => {
    const station = StationUnderTest.booted("ocpp2.0.1");
    station.call("ChangeAvailability", { operationalStatus: "Inoperative", evse: { id: 2 } });
    expect(station.calls("StatusNotification").at(-1)?.payload).toMatchObject({
      evseId: 2,
      connectorId: 1,
      connectorStatus: "Unavailable",
    });
    expect(station.call("UnlockConnector", { evseId: 3, connectorId: 1 })?.payload).toEqual({
      status: "UnknownConnector",
    });
  });
});
