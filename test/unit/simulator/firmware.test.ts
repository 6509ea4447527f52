import { beforeAll, describe, expect, test } from "vitest";
import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { StationUnderTest } from "./station-under-test.ts";

describe.each(OCPP_VERSIONS)("a %s station that is given a signed firmware", (version) => {
  const is16 = version === "ocpp1.6";
  const told = is16 ? "SignedFirmwareStatusNotification" : "FirmwareStatusNotification";
  let validators: Validators;

  beforeAll(async () => {
    validators = await loadValidators(version);
  });

  function ordered(times: { retrieve: string; install?: string }): StationUnderTest {
    const station = new StationUnderTest(version);
    station.boot();
    const payload = {
      requestId: 17,
      firmware: {
        location: "https://firmware.example.com/v2.0.0/firmware.bin",
        retrieveDateTime: times.retrieve,
        ...(times.install !== undefined && { installDateTime: times.install }),
        signingCertificate: "certificate",
        signature: "signature",
      },
    };
    const action = is16 ? "SignedUpdateFirmware" : "UpdateFirmware";
    expect(validators.request(action, payload)).toBeNull();
    expect(station.call(action, payload)?.payload).toEqual({ status: "Accepted" });
    station.answerAll();
    return station;
  }

  function advance(station: StationUnderTest, times: number): void {
    for (let count = 0; count < times; count++) {
      station.fire("firmware");
      station.answerAll();
    }
  }

  function words(station: StationUnderTest) {
    const calls = station.calls(told);
    for (const { payload } of calls) {
      expect([payload, validators.request(told, payload)]).toEqual([payload, null]);
      expect(payload["requestId"]).toBe(17);
    }
    return calls.map(({ payload }) => payload["status"]);
  }

  test("reports every stage, each with its request id", () => {
    const station = ordered({ retrieve: "2026-01-01T00:00:00Z" });
    advance(station, 5);
    station.fire("restart");
    station.reconnect();
    station.answer({ status: "Accepted", currentTime: "2026-01-01T00:00:00Z", interval: 300 });
    station.answerAll();
    expect(words(station)).toEqual([
      "Downloading",
      "Downloaded",
      "SignatureVerified",
      "Installing",
      "InstallRebooting",
      "Installed",
    ]);
  });

  test("reports that it waits for the time of the download and of the installation", () => {
    const station = ordered({ retrieve: "2026-01-01T06:00:00Z", install: "2026-01-02T08:00:00Z" });
    expect(words(station)).toEqual(["DownloadScheduled"]);
    advance(station, 1);
    expect(new Date(station.nowMs).toISOString()).toBe("2026-01-01T06:00:00.000Z");
    advance(station, 3);
    expect(words(station).at(-1)).toBe("InstallScheduled");
    expect(station.charge()?.payload["status"]).toBe("Accepted");
    station.stop();
    while (words(station).at(-1) === "InstallScheduled") advance(station, 1);
    expect(words(station).at(-1)).toBe("Installing");
    expect(new Date(station.nowMs).toISOString()).toBe("2026-01-02T08:00:00.000Z");
  });

  test("keeps the time of the installation over a power cut", () => {
    const station = ordered({ retrieve: "2026-01-01T00:00:00Z", install: "2026-01-01T08:00:00Z" });
    advance(station, 4);
    station.input({ kind: "powerOff" });
    station.boot();
    advance(station, 1);
    expect(new Date(station.nowMs).toISOString()).toBe("2026-01-01T08:00:00.000Z");
    expect(words(station).at(-1)).toBe("Installing");
  });

  test("reports its stage when that is triggered", () => {
    const station = ordered({ retrieve: "2026-01-01T06:00:00Z" });
    const trigger = is16 ? "ExtendedTriggerMessage" : "TriggerMessage";
    station.call(trigger, { requestedMessage: "FirmwareStatusNotification" });
    expect(words(station)).toEqual(["DownloadScheduled", "DownloadScheduled"]);
  });
});

test("a 1.6 station does not report a signed update when a plain one is triggered", () => {
  const station = new StationUnderTest("ocpp1.6");
  station.boot();
  const firmware = {
    location: "https://firmware.example.com/firmware.bin",
    retrieveDateTime: "2026-01-01T06:00:00Z",
    signingCertificate: "certificate",
    signature: "signature",
  };
  station.call("SignedUpdateFirmware", { requestId: 1, firmware });
  station.answerAll();
  station.call("TriggerMessage", { requestedMessage: "FirmwareStatusNotification" });
  expect(station.calls("FirmwareStatusNotification").map(({ payload }) => payload)).toEqual([
    { status: "Idle" },
  ]);
  const { signature: _none, ...unsigned } = firmware;
  expect(station.call("SignedUpdateFirmware", { requestId: 2, firmware: unsigned })).toMatchObject({
    type: 4,
    action: "OccurenceConstraintViolation",
  });
});
