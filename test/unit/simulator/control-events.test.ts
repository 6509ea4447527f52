import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { at, DONE, eventStation, ignored, session } from "./event-station.ts";
import { StationUnderTest } from "./station-under-test.ts";

describe.each(OCPP_VERSIONS)("faults and commands at a %s station", (version) => {
  const { is16, begun, ended, use, kinds, statuses, reason, happens } = eventStation(version);
  let station: StationUnderTest;
  const booted = () => (station = use(StationUnderTest.booted(version)));

  test("a fault ends the transaction, is reported, and refuses drivers until it is cleared", () => {
    booted();
    happens(session);
    const fault = { kind: "inject_fault", ...at, faultType: "GroundFailure", info: "leak" } as const;
    expect(happens(fault)).toEqual({
      kind: "done",
      result: { faultType: "GroundFailure", status: "Faulted" },
    });
    expect([kinds(), reason()]).toEqual([[begun, ended], is16 ? "Other" : "GroundFault"]);
    expect(statuses().at(-1)).toBe("Faulted");
    const told = station.calls(is16 ? "StatusNotification" : "NotifyEvent").at(-1)?.payload;
    if (is16) expect(told).toMatchObject({ errorCode: "GroundFailure", info: "leak" });
    else expect(told).toMatchObject({ eventData: [{ techCode: "GroundFailure", techInfo: "leak" }] });
    station.fire("connector 1");
    expect(happens(session)).toEqual(ignored);
    expect(station.invite()?.payload["status"]).toBe("Rejected");
    const cleared = { kind: "done", result: { faultType: "GroundFailure", status: "Available" } };
    expect(happens({ kind: "clear_fault", ...at })).toEqual(cleared);
    expect(statuses().at(-1)).toBe("Available");
    expect(happens({ kind: "clear_fault", ...at })).toEqual({
      kind: "done",
      result: { faultType: null, status: "Available" },
    });
    expect(happens(session)).toEqual(DONE);
  });

  test("a fault of the station is one of all its connectors", () => {
    booted();
    happens({ kind: "inject_fault", connectorId: 0, faultType: "OtherError", info: null });
    const faulty = station
      .calls("StatusNotification")
      .filter(({ payload }) => Object.values(payload).includes("Faulted"));
    expect(faulty).toHaveLength(is16 ? 3 : 2);
  });

  test("commands in a row act one after the other: the next waits for the answer about a tag", () => {
    booted();
    expect(station.happen(session)).toEqual(DONE);
    expect(station.happen({ kind: "stop_session", ...at })).toBeNull();
    expect(kinds()).toEqual([]);
    station.answerAll();
    expect(kinds()).toEqual([begun, ended]);
  });

  test("a local event happens at a station that is not accepted, ahead of commands that wait for its boot", () => {
    station = use(new StationUnderTest(version));
    station.input({ kind: "powerOn" });
    expect(station.happen({ kind: "plug", ...at }, 60_000)).toBeNull();
    expect(station.happen({ kind: "clear_cache" })).toEqual({ kind: "done", result: { clearedEntries: 0 } });
    const fault = { kind: "inject_fault", ...at, faultType: "GroundFailure", info: null } as const;
    expect(station.happen(fault)).toMatchObject({ kind: "done", result: { status: "Faulted" } });
    expect(station.calls("StatusNotification")).toEqual([]);
  });

  test("a command waits until the station has booted, and ends when its time is over", () => {
    station = use(new StationUnderTest(version));
    station.input({ kind: "powerOn" });
    expect(station.happen({ kind: "plug", ...at }, 60_000)).toBeNull();
    station.pass(30);
    expect(station.happen({ kind: "plug", connectorId: 2 }, 60_000)).toBeNull();
    station.fire("commands");
    expect(station.effects.filter(({ kind }) => kind === "commandEnded")).toEqual([
      { kind: "commandEnded", id: "e1", end: { kind: "expired" } },
    ]);
    station.input({ kind: "connected" });
    station.answer({ status: "Accepted", currentTime: new Date(station.nowMs).toISOString(), interval: 300 });
    expect(Object.keys(station.state.memory.cars)).toEqual(["2"]);
    expect(station.state.memory.commands).toEqual([]);
  });

  test("a command ends when its own time is over, also behind one that may wait for longer", () => {
    booted();
    expect(station.happen(session)).toEqual(DONE);
    expect(station.happen({ kind: "stop_session", ...at }, 60_000)).toBeNull();
    expect(station.happen({ kind: "clear_cache" }, 30_000)).toBeNull();
    const [patient = "", hasty = ""] = station.state.memory.commands.map(({ id }) => id);
    station.fire("commands");
    expect([station.endOf(patient), station.endOf(hasty)]).toEqual([null, { kind: "expired" }]);
    station.fire("commands");
    expect(station.endOf(patient)).toEqual({ kind: "expired" });
    station.answerAll();
    expect(kinds()).toEqual([begun]);
  });

  test("the cache of an accepted tag lets it charge without a connection, until it is cleared", () => {
    booted();
    happens({ kind: "authorize", idToken: "TAG" });
    station.input({ kind: "disconnected" });
    expect(happens({ kind: "authorize", idToken: "TAG" })).toEqual(DONE);
    expect(happens({ kind: "clear_cache" })).toEqual({ kind: "done", result: { clearedEntries: 1 } });
    expect(happens({ kind: "authorize", idToken: "TAG" })).toEqual(ignored);
  });

  test("the local list takes only a higher version, and has none after it was cleared", () => {
    booted();
    const list = (listVersion: number, isFull = true, idToken = "A") =>
      station.happen({
        kind: "local_list",
        version: listVersion,
        isFull,
        entries: [{ idToken, status: "Accepted", expiresAtMs: null, group: null }],
      });
    const told = (status: string, listVersion: number) => ({
      kind: "done",
      result: { status, version: listVersion },
    });
    expect(list(2)).toEqual(told("Accepted", 2));
    expect(list(2)).toEqual(told("VersionMismatch", 2));
    expect(list(3, false, "B")).toEqual(told("Accepted", 3));
    expect(station.happen({ kind: "clear_local_list" })).toEqual({
      kind: "done",
      result: { deletedEntries: 2 },
    });
    expect(list(1)).toEqual(told("Accepted", 1));
  });

  test("configuration keys are set one by one", () => {
    booted();
    const name = is16 ? "HeartbeatInterval" : "OCPPCommCtrlr.HeartbeatInterval";
    const entries = [
      { key: name, value: "300" },
      { key: "NoSuchKey", value: "1" },
      { key: name, value: "never" },
      { key: "WebSocketPingInterval", value: "20" },
    ];
    const expected = ["Accepted", "NotSupported", "Rejected", "RebootRequired"];
    expect(station.happen({ kind: "configure", entries })).toEqual({
      kind: "done",
      result: { results: entries.map(({ key }, index) => ({ key, status: expected[index] })) },
    });
  });

  test("a message is sent as it is given, and none without a connection", () => {
    booted();
    const heartbeat = { kind: "send", action: "Heartbeat", payload: {} } as const;
    expect(happens(heartbeat)).toEqual({ kind: "done", result: {} });
    expect(station.calls("Heartbeat")).toHaveLength(1);
    station.input({ kind: "disconnected" });
    expect(happens(heartbeat)).toEqual(ignored);
  });
});
