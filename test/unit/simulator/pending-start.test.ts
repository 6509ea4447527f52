import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS, type OcppVersion } from "../../../src/ocpp/version.ts";
import { StationUnderTest } from "./station-under-test.ts";

/** Stops at the plug or, with `asks`, at the answer to the Authorize that follows it. */
function invitedStation(version: OcppVersion, asks: boolean): StationUnderTest {
  const station = new StationUnderTest(version);
  station.boot();
  if (asks) station.set("AuthorizeRemoteTxRequests", "AuthCtrlr.AuthorizeRemoteStart", "true");
  station.invite();
  station.answerAll();
  if (asks) station.fire("connector 1");
  return station;
}

describe.each(OCPP_VERSIONS)("a %s station with a driver on the way", (version) => {
  const is16 = version === "ocpp1.6";

  const invited = (asks = false) => invitedStation(version, asks);
  const takeOut = (station: StationUnderTest) =>
    station.call(
      "ChangeAvailability",
      is16 ? { connectorId: 1, type: "Inoperative" } : { operationalStatus: "Inoperative", evse: { id: 1 } },
    )?.payload["status"];
  const begun = (station: StationUnderTest) =>
    station.calls().filter(({ action, payload }) => action === "StartTransaction" || payload["eventType"]);

  test.each([false, true])("goes out of service only after the transaction (asks: %s)", (asks) => {
    const station = invited(asks);
    expect(takeOut(station)).toBe("Scheduled");
    if (!asks) station.fire("connector 1");
    station.answerAll();
    expect(begun(station)).toHaveLength(1);
    expect(station.state.memory.inoperative).toEqual([]);
    station.stop();
    expect(station.state.memory.inoperative).toEqual([1]);
  });

  test("goes out of service when the driver is refused", () => {
    const station = invited(true);
    expect(takeOut(station)).toBe("Scheduled");
    station.verdict = "Blocked";
    station.answerAll();
    expect(begun(station)).toEqual([]);
    expect(station.state.memory.inoperative).toEqual([1]);
  });

  test.each([false, true])("starts no transaction after a reset was requested (asks: %s)", (asks) => {
    const station = invited(asks);
    station.call("Reset", { type: is16 ? "Soft" : "Immediate" });
    if (!asks) station.fire("connector 1");
    station.answerAll();
    expect(begun(station)).toEqual([]);
    expect(station.state.memory.charges).toEqual({});
  });

  test("boots after a reset without the start of a driver who had not plugged in", () => {
    const station = invited();
    station.call("Reset", { type: is16 ? "Hard" : "Immediate" });
    station.answerAll();
    station.fire("restart");
    expect(station.state.memory.charges).toEqual({});
    expect(station.timers.has("connector 1")).toBe(false);
  });

  test("installs no firmware before the driver has charged", () => {
    const station = invited(true);
    const location = "https://firmware.example.com/v2.0.0/firmware.bin";
    const at = "2026-01-01T00:00:00Z";
    station.call(
      "UpdateFirmware",
      is16 ? { location, retrieveDate: at } : { requestId: 1, firmware: { location, retrieveDateTime: at } },
    );
    for (let count = 0; count < 3; count++) station.fire("firmware");
    expect(station.state.memory.firmware?.stage).toBe("Downloaded");
    station.answerAll();
    expect(begun(station)).toHaveLength(1);
  });
});

test.each(["ocpp2.0.1", "ocpp2.1"] as const)(
  "a %s station resets on idle only when the driver has charged or was refused",
  (version) => {
    const station = invitedStation(version, true);
    expect(station.call("Reset", { type: "OnIdle" })?.payload["status"]).toBe("Scheduled");
    expect(station.timers.has("restart")).toBe(false);
    station.verdict = "Blocked";
    station.answerAll();
    expect(station.timers.has("restart")).toBe(true);
  },
);
