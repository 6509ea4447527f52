import { beforeAll, afterEach, describe, expect, test } from "vitest";
import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { StationUnderTest } from "./station-under-test.ts";

describe.each(OCPP_VERSIONS)("a %s station under maintenance", (version) => {
  const is16 = version === "ocpp1.6";
  let validators: Validators;
  let station: StationUnderTest;

  beforeAll(async () => {
    validators = await loadValidators(version);
  });

  afterEach(() => {
    for (const { action, payload } of station.calls()) {
      expect([action, payload, validators.request(action, payload)]).toEqual([action, payload, null]);
    }
  });

  function booted(): StationUnderTest {
    station = StationUnderTest.booted(version);
    return station;
  }

  /** Sends a command and holds the answer to its schema. */
  function ask(action: string, payload: object) {
    const answer = station.call(action, payload);
    expect([action, answer?.payload, validators.response(action, answer?.payload)]).toEqual([
      action,
      answer?.payload,
      null,
    ]);
    return answer?.payload ?? {};
  }

  const update = (location: string, at = "2026-01-01T00:00:00Z", requestId = 17) =>
    is16
      ? ask("UpdateFirmware", { location, retrieveDate: at })
      : ask("UpdateFirmware", { requestId, firmware: { location, retrieveDateTime: at } });
  const words = (action: string) => station.calls(action).map(({ payload }) => payload["status"]);
  const bootVersion = () => {
    const payload = station.calls("BootNotification").at(-1)?.payload ?? {};
    const about = is16 ? payload : (payload["chargingStation"] as Record<string, unknown>);
    return about["firmwareVersion"];
  };

  function advance(times: number): void {
    for (let count = 0; count < times; count++) {
      station.fire("firmware");
      station.answerAll();
    }
  }

  test("downloads, installs, reboots and boots with the version that its update names", () => {
    booted();
    expect(update("https://firmware.example.com/v2.0.0/firmware.bin")).toEqual(
      is16 ? {} : { status: "Accepted" },
    );
    advance(4);
    station.fire("restart");
    station.reconnect();
    station.answer({ status: "Accepted", currentTime: "2026-01-01T00:00:00Z", interval: 300 });
    station.answerAll();
    const rebooting = is16 ? [] : ["InstallRebooting"];
    expect(words("FirmwareStatusNotification")).toEqual([
      "Downloading",
      "Downloaded",
      "Installing",
      ...rebooting,
      "Installed",
    ]);
    expect(bootVersion()).toBe("2.0.0");
    if (!is16) {
      expect(station.calls("FirmwareStatusNotification").at(-1)?.payload["requestId"]).toBe(17);
      expect(station.calls("BootNotification").at(-1)?.payload["reason"]).toBe("FirmwareUpdate");
    }
  });

  test("uses the next version when its update names none, and waits for the given time", () => {
    booted();
    update("ftp://firmware.example.com/latest.bin", "2026-01-01T06:00:00Z");
    station.fire("firmware");
    expect(new Date(station.nowMs).toISOString()).toBe("2026-01-01T06:00:00.000Z");
    expect(station.state.memory.firmware?.version).toBe("1.0.1");
  });

  test("is out of service while it installs, and installs nothing while a car charges", () => {
    booted().charge();
    update("https://firmware.example.com/v2.0.0/firmware.bin");
    advance(3);
    expect(words("FirmwareStatusNotification")).toEqual(["Downloading", "Downloaded"]);
    station.stop();
    station.fire("connector 1");
    station.answerAll();
    advance(1);
    expect(words("FirmwareStatusNotification").at(-1)).toBe("Installing");
    expect(station.calls("StatusNotification").at(-1)?.payload).toMatchObject(
      is16 ? { status: "Unavailable" } : { connectorStatus: "Unavailable" },
    );
    if (!is16) {
      expect(ask("Reset", { type: "Immediate" })).toEqual({
        status: "Rejected",
        statusInfo: { reasonCode: "FwUpdateInProgress" },
      });
    }
  });

  test("finishes the update that it installs before it takes another", () => {
    booted();
    update("https://firmware.example.com/v2.0.0/firmware.bin");
    advance(3);
    const refused = is16 ? {} : { status: "Rejected" };
    expect(update("https://firmware.example.com/v3.0.0/firmware.bin")).toEqual(refused);
    advance(1);
    expect(update("https://firmware.example.com/v3.0.0/firmware.bin")).toEqual(refused);
    station.fire("restart");
    station.reconnect();
    station.answer({ status: "Accepted", currentTime: "2026-01-01T00:00:00Z", interval: 300 });
    station.answerAll();
    expect(words("FirmwareStatusNotification").at(-1)).toBe("Installed");
    expect(bootVersion()).toBe("2.0.0");
  });

  test("goes on with an update after a power cut", () => {
    booted();
    update("https://firmware.example.com/v2.0.0/firmware.bin");
    advance(1);
    station.input({ kind: "powerOff" });
    station.boot();
    advance(2);
    expect(words("FirmwareStatusNotification").at(-1)).toBe("Installing");
  });

  test("reports the stage of its update and its upload when that is triggered", () => {
    booted();
    const upload = is16 ? "DiagnosticsStatusNotification" : "LogStatusNotification";
    const triggered = (requestedMessage: string) => {
      expect(ask("TriggerMessage", { requestedMessage })["status"]).toBe("Accepted");
      station.answerAll();
      return words(requestedMessage).at(-1);
    };
    expect(triggered("FirmwareStatusNotification")).toBe("Idle");
    expect(triggered(upload)).toBe("Idle");
    update("https://firmware.example.com/v2.0.0/firmware.bin");
    advance(1);
    expect(triggered("FirmwareStatusNotification")).toBe("Downloading");
    if (is16) ask("GetDiagnostics", { location: "ftp://uploads.example.com" });
    else ask("GetLog", { logType: "DiagnosticsLog", requestId: 3, log: { remoteLocation: "ftp://x" } });
    station.fire("log");
    station.answerAll();
    expect(triggered(upload)).toBe("Uploading");
  });

  test("names the file of an upload, then reports Uploading and Uploaded", () => {
    booted();
    const location = "https://uploads.example.com/diagnostics/";
    const answer = is16
      ? ask("GetDiagnostics", { location })
      : ask("GetLog", { logType: "DiagnosticsLog", requestId: 18, log: { remoteLocation: location } });
    expect(answer[is16 ? "fileName" : "filename"]).toBe("diagnostics-0123456789-2026-01-01T00-00-00.zip");
    for (let count = 0; count < 2; count++) {
      station.fire("log");
      station.answerAll();
    }
    const action = is16 ? "DiagnosticsStatusNotification" : "LogStatusNotification";
    expect(words(action)).toEqual(["Uploading", "Uploaded"]);
    if (!is16) expect(station.calls(action).at(-1)?.payload["requestId"]).toBe(18);
  });

  test("has a log of collected data only since 2.1", () => {
    booted();
    const log = { remoteLocation: "https://uploads.example.com/" };
    const answer = station.call("GetLog", { logType: "DataCollectorLog", requestId: 18, log });
    expect(answer?.payload["status"] ?? answer?.action).toBe(
      version === "ocpp2.1" ? "Accepted" : "PropertyConstraintViolation",
    );
  });

  test("returns the data of a DataTransfer of its own vendor id", () => {
    booted();
    expect(ask("DataTransfer", { vendorId: "Busbar", data: "hello" })).toEqual({
      status: "Accepted",
      data: "hello",
    });
    expect(ask("DataTransfer", { vendorId: "MyVendor" })).toEqual({ status: "UnknownVendorId" });
  });

  test("keeps a local list by its version, and refuses one while lists are switched off", () => {
    booted();
    const send = (version: number, updateType: string, tags: string[]) => {
      const list = tags.map((tag) =>
        is16
          ? { idTag: tag, idTagInfo: { status: "Accepted" } }
          : { idToken: { idToken: tag, type: "Central" }, idTokenInfo: { status: "Accepted" } },
      );
      const number = is16 ? { listVersion: version } : { versionNumber: version };
      return ask("SendLocalList", { ...number, updateType, localAuthorizationList: list })["status"];
    };
    expect(send(1, "Full", ["A", "B"])).toBe("Accepted");
    expect(send(1, "Differential", ["C"])).toBe("VersionMismatch");
    expect(send(2, "Differential", ["C"])).toBe("Accepted");
    expect(Object.keys(station.state.memory.localList.entries)).toEqual(["a", "b", "c"]);
    expect(ask("GetLocalListVersion", {})).toEqual(is16 ? { listVersion: 2 } : { versionNumber: 2 });
    station.set("LocalAuthListEnabled", "LocalAuthListCtrlr.Enabled", "false");
    expect(send(3, "Full", ["A"])).toBe("Failed");
  });

  test("reserves a connector for its tag until the reservation expires", () => {
    booted();
    const until = "2026-01-01T00:10:00Z";
    const reserve = (id: number) =>
      is16
        ? ask("ReserveNow", { connectorId: 1, expiryDate: until, idTag: "VIP", reservationId: id })
        : ask("ReserveNow", {
            id,
            expiryDateTime: until,
            idToken: { idToken: "VIP", type: "Central" },
            evseId: 1,
          });
    expect(reserve(5)).toEqual({ status: "Accepted" });
    station.answerAll();
    expect(reserve(6)).toEqual({ status: "Occupied" });
    expect(station.charge()?.payload["status"]).toBe("Rejected");
    station.fire("reservation");
    station.answerAll();
    expect(station.charge()?.payload["status"]).toBe("Accepted");
    expect(ask("CancelReservation", { reservationId: 5 })).toEqual({ status: "Rejected" });
  });

  test("refuses to clear a cache that is switched off", () => {
    booted();
    expect(ask("ClearCache", {})).toEqual({ status: "Accepted" });
    station.set("AuthorizationCacheEnabled", "AuthCacheCtrlr.Enabled", "false");
    expect(ask("ClearCache", {})).toEqual({ status: "Rejected" });
  });
});

test.each([
  ["SupportedFeatureProfiles", "SmartCharging"],
  ["ChargeProfileMaxStackLevel", "9"],
  ["ChargingScheduleAllowedChargingRateUnit", "Current"],
  ["MaxChargingProfilesInstalled", "20"],
  ["ConnectorSwitch3to1PhaseSupported", "true"],
  ["GetConfigurationMaxKeys", "100"],
  ["NumberOfConnectors", "2"],
])("a 1.6 station tells its %s and lets nobody change it", (key, value) => {
  const station = new StationUnderTest("ocpp1.6");
  station.boot();
  const payload = station.call("GetConfiguration", { key: [key] })?.payload ?? {};
  expect(payload["configurationKey"]).toMatchObject([{ key, readonly: true }]);
  expect(JSON.stringify(payload)).toContain(value);
  expect(station.call("ChangeConfiguration", { key, value: "1" })?.payload["status"]).toBe("Rejected");
});

test.each(["ocpp2.0.1", "ocpp2.1"] as const)(
  "a %s station reports its whole device model in numbered parts, and no password",
  (version) => {
    const station = new StationUnderTest(version);
    station.boot();
    const answer = station.call("GetBaseReport", { requestId: 19, reportBase: "FullInventory" });
    expect(answer?.payload["status"]).toBe("Accepted");
    station.answerAll();
    const parts = station.calls("NotifyReport").map(({ payload }) => payload);
    expect(parts.map(({ seqNo }) => seqNo)).toEqual(parts.map((_, index) => index));
    expect(parts.map(({ tbc }) => tbc)).toEqual(parts.map((_, index) => index < parts.length - 1));
    const rows = parts.flatMap(({ reportData }) => reportData as Array<Record<string, unknown>>);
    const password = rows.find((row) => JSON.stringify(row).includes("BasicAuthPassword"));
    expect(password?.["variableAttribute"]).toEqual([{ mutability: "WriteOnly" }]);
    const profiles = rows.find((row) => JSON.stringify(row).includes("ChargingProfiles"));
    expect(profiles?.["variableCharacteristics"]).toMatchObject({ maxLimit: 20 });
    expect(JSON.stringify(rows).includes("MaxOfflineDuration")).toBe(version === "ocpp2.1");
    expect(station.call("GetBaseReport", { requestId: 20, reportBase: "Odd" })?.payload["status"]).toBe(
      "NotSupported",
    );
  },
);

test("a 2.x station reports its connectors' states as variables", () => {
  const station = new StationUnderTest("ocpp2.0.1");
  station.boot();
  station.charge();
  const read = (evse: object) => {
    const data = { component: { name: "Connector", evse }, variable: { name: "AvailabilityState" } };
    const payload = station.call("GetVariables", { getVariableData: [data] })?.payload ?? {};
    const [result] = payload["getVariableResult"] as Array<Record<string, unknown>>;
    return result;
  };
  expect(read({ id: 1, connectorId: 1 })).toMatchObject({ attributeValue: "Occupied" });
  expect(read({ id: 2, connectorId: 1 })).toMatchObject({ attributeValue: "Available" });
  expect(read({ id: 3, connectorId: 1 })).toMatchObject({ attributeStatus: "UnknownComponent" });
});
