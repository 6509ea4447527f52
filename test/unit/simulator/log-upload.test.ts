import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { StationUnderTest } from "./station-under-test.ts";

const location = "https://uploads.example.com/";
const getLog = (requestId: number) =>
  ["GetLog", { logType: "DiagnosticsLog", requestId, log: { remoteLocation: location } }] as const;

const KINDS = [
  ["ocpp1.6", "GetDiagnostics", { location }, "DiagnosticsStatusNotification", "UploadFailed"],
  ...OCPP_VERSIONS.map(
    (version) => [version, ...getLog(18), "LogStatusNotification", "UploadFailure"] as const,
  ),
] as const;

describe.each(KINDS)("a %s station that uploads after %s", (version, action, payload, told, failure) => {
  function uploading(): StationUnderTest {
    const station = new StationUnderTest(version);
    station.boot();
    station.call(action, payload);
    station.fire("log");
    station.answerAll();
    return station;
  }

  const words = (station: StationUnderTest) => station.calls(told).map((call) => call.payload["status"]);

  test("reports on its next connection how the upload ended without one, once", () => {
    const station = uploading();
    station.input({ kind: "disconnected" });
    station.fire("log");
    station.reconnect();
    station.answerAll();
    expect(words(station)).toEqual(["Uploading", "Uploaded"]);
    station.input({ kind: "disconnected" });
    station.reconnect();
    station.answerAll();
    expect(words(station)).toHaveLength(2);
  });

  test("reports it again when the connection was lost before the answer, or no answer came", () => {
    const station = uploading();
    station.fire("log");
    station.input({ kind: "disconnected" });
    station.reconnect();
    station.answerUntil(told);
    station.fire("answer");
    station.fire("log");
    station.answerAll();
    expect(words(station)).toEqual(["Uploading", "Uploaded", "Uploaded", "Uploaded"]);
    expect(station.state.memory.log).toBeNull();
  });

  test.each(["a restart", "a power cut"])("reports after %s that it failed", (cut) => {
    const station = uploading();
    if (cut === "a restart") {
      station.call("Reset", { type: version === "ocpp1.6" ? "Hard" : "Immediate" });
      station.fire("restart");
      station.reconnect();
      station.answer({ status: "Accepted", interval: 300 });
      station.answerAll();
    } else {
      station.input({ kind: "powerOff" });
      station.boot();
    }
    expect(words(station)).toEqual(["Uploading", failure]);
    expect(station.timers.has("log")).toBe(false);
  });

  test("continues when only its host was restarted", () => {
    const { memory } = uploading().state;
    const station = new StationUnderTest(version, memory);
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    station.answerAll();
    station.fire("log");
    expect(words(station)).toEqual(["Uploaded"]);
  });
});
