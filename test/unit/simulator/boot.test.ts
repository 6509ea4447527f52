import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { FRESH_MEMORY } from "../../../src/simulator/station/state.ts";
import { StationUnderTest } from "./station-under-test.ts";

const connectorIds = { "ocpp1.6": [0, 1, 2], "ocpp2.0.1": [1, 2], "ocpp2.1": [1, 2] };

describe.each(OCPP_VERSIONS)("a booting %s station", (version) => {
  test("sends only BootNotification before it is accepted", () => {
    const station = new StationUnderTest(version);
    expect(station.input({ kind: "powerOn" })).toEqual([{ kind: "dial" }]);
    station.input({ kind: "connected" });
    expect(station.calls().map((call) => call.action)).toEqual(["BootNotification"]);
  });

  test("reports every connector once it is accepted, one CALL at a time", () => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    station.answer({ status: "Accepted", interval: 300 });
    expect(station.calls("StatusNotification")).toHaveLength(1);
    station.answerAll();
    const reported = station
      .calls("StatusNotification")
      .map(({ payload }) => payload["evseId"] ?? payload["connectorId"]);
    expect(reported).toEqual(connectorIds[version]);
  });

  test("sends heartbeats at the interval it was given", () => {
    const station = new StationUnderTest(version);
    station.boot(120);
    const startMs = station.nowMs;
    station.fire("heartbeat");
    expect(station.nowMs - startMs).toBeLessThanOrEqual(120_000);
    station.answerAll();
    const firstMs = station.nowMs;
    station.fire("heartbeat");
    expect(station.nowMs - firstMs).toBe(120_000);
    expect(station.calls("Heartbeat")).toHaveLength(2);
  });

  test.each(["Pending", "Rejected"])("waits the interval after %s and boots again", (status) => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    const startMs = station.nowMs;
    station.answer({ status, interval: 60 });
    expect(station.calls()).toHaveLength(1);
    station.fire("boot");
    expect(station.nowMs - startMs).toBeGreaterThanOrEqual(60_000);
    expect(station.calls("BootNotification")).toHaveLength(2);
  });

  test("repeats the boot after a CALLERROR and without an answer", () => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    station.input({ kind: "frame", text: JSON.stringify([4, "m1", "InternalError", "", {}]) });
    station.fire("boot");
    station.fire("answer");
    station.fire("boot");
    expect(station.calls("BootNotification")).toHaveLength(3);
    expect(station.effects.filter((effect) => effect.kind === "boot")).toMatchObject([
      { outcome: "failed" },
      { outcome: "silent" },
    ]);
  });

  test("reconnects without a BootNotification when only its connection was lost", () => {
    const station = new StationUnderTest(version);
    station.boot();
    station.input({ kind: "disconnected" });
    station.fire("dial");
    station.input({ kind: "connected" });
    expect(station.calls("BootNotification")).toHaveLength(1);
    expect(station.timers.has("heartbeat")).toBe(true);
  });

  test("reconnects without a BootNotification when its host was restarted, and reports its statuses again", () => {
    const station = new StationUnderTest(version, { ...FRESH_MEMORY, booted: true, heartbeatSeconds: 60 });
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    station.answerAll();
    station.fire("heartbeat");
    const actions = station.calls().map((call) => call.action);
    expect(new Set(actions.slice(0, -1))).toEqual(new Set(["StatusNotification"]));
    expect(actions.at(-1)).toBe("Heartbeat");
  });

  test("boots again after a power cut, and stays silent while it is off", () => {
    const station = new StationUnderTest(version);
    station.boot();
    station.input({ kind: "powerOff" });
    expect(station.state.memory.booted).toBe(false);
    expect([...station.timers.keys()]).toEqual([]);
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    expect(station.calls("BootNotification")).toHaveLength(2);
  });

  test("closes a connection on which a heartbeat stays unanswered", () => {
    const station = new StationUnderTest(version);
    station.boot();
    station.fire("heartbeat");
    const effects = station.fire("answer");
    expect(effects).toContainEqual({ kind: "close", code: 1000, reason: "no answer" });
    expect(station.timers.has("dial")).toBe(true);
  });

  test("doubles its back-off up to two minutes while the central system does not answer", () => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    const waits = Array.from({ length: 9 }, () => {
      station.input({ kind: "disconnected" });
      const startMs = station.nowMs;
      station.fire("dial");
      return station.nowMs - startMs;
    });
    expect(waits).toEqual([1_500, 3_000, 6_000, 12_000, 24_000, 48_000, 90_000, 90_000, 90_000]);
  });

  test("waits as long as the central system asked, or its own back-off if that is longer", () => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    const waitAfter = (askedMs: number) => {
      station.input({ kind: "disconnected", notBeforeMs: station.nowMs + askedMs });
      const startMs = station.nowMs;
      station.fire("dial");
      return station.nowMs - startMs;
    };
    expect([waitAfter(600_000), waitAfter(10)]).toEqual([600_000, 3_000]);
  });

  test("keeps its back-off when the connection is lost before every boot", () => {
    const station = new StationUnderTest(version);
    station.input({ kind: "powerOn" });
    const waits = Array.from({ length: 3 }, () => {
      station.input({ kind: "connected" });
      station.input({ kind: "disconnected" });
      const startMs = station.nowMs;
      station.fire("dial");
      return station.nowMs - startMs;
    });
    expect(waits).toEqual([1_500, 3_000, 6_000]);
  });
});
