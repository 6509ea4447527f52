import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { StationUnderTest, type Sent } from "./station-under-test.ts";

/** In its first ten seconds a car takes half of what the station offers. */
const FIRST_MINUTE_WH = Math.floor((31.8 * 3 * 230 * 55) / 3600);

describe.each(OCPP_VERSIONS)("a charging session of a %s station", (version) => {
  const is16 = version === "ocpp1.6";
  const transactionActions = is16
    ? ["StartTransaction", "MeterValues", "StopTransaction"]
    : ["TransactionEvent"];
  let validators: Validators;
  let station: StationUnderTest;

  beforeAll(async () => {
    validators = await loadValidators(version);
  });

  afterEach(() => {
    for (const frame of station.calls()) {
      expect([frame, validators.request(frame.action, frame.payload)]).toEqual([frame, null]);
    }
  });

  function booted(): StationUnderTest {
    station = StationUnderTest.booted(version);
    return station;
  }

  const messages = () => station.calls().filter(({ action }) => transactionActions.includes(action));
  const kinds = () => messages().map(({ action, payload }) => payload["eventType"] ?? action);
  const statuses = () =>
    station
      .calls("StatusNotification")
      .filter(({ payload }) => (is16 ? payload["connectorId"] : payload["evseId"]) === 1)
      .map(({ payload }) => payload["status"] ?? payload["connectorStatus"]);
  const last = (): Sent["payload"] => messages().at(-1)?.payload ?? {};
  const expected = (...names: Array<"begin" | "meter" | "end">) =>
    names.map((name) =>
      is16
        ? { begin: "StartTransaction", meter: "MeterValues", end: "StopTransaction" }[name]
        : { begin: "Started", meter: "Updated", end: "Ended" }[name],
    );

  test("goes from the remote start over the meter to the remote stop, and frees the connector", () => {
    booted();
    expect(station.charge()?.payload["status"]).toBe("Accepted");
    station.fire("meter");
    station.answerAll();
    station.pass(3600);
    expect(station.stop()?.payload["status"]).toBe("Accepted");
    station.fire("connector 1");
    station.answerAll();
    expect(kinds()).toEqual(expected("begin", "meter", "end"));
    const seen = is16
      ? ["Available", "Preparing", "Charging", "Finishing", "Available"]
      : ["Available", "Occupied", "Available"];
    expect(statuses()).toEqual(seen);
    expect(station.state.memory.backlog).toEqual([]);
  });

  test("meters the rated power of the station and its energy over time", () => {
    booted().charge();
    station.fire("meter");
    station.answerAll();
    const [value] = last()["meterValue"] as Array<{ sampledValue: Array<Record<string, unknown>> }>;
    const sampled = Object.fromEntries(
      (value?.sampledValue ?? []).map(({ measurand, phase, value: read }) => [
        [measurand, phase].filter(Boolean).join(" "),
        Number(read),
      ]),
    );
    expect(sampled).toEqual({
      "Energy.Active.Import.Register": FIRST_MINUTE_WH,
      "Power.Active.Import": 21_942,
      "Current.Import L1": 31.8,
      "Current.Import L2": 31.8,
      "Current.Import L3": 31.8,
      "Voltage L1-N": 230,
      "Voltage L2-N": 230,
      "Voltage L3-N": 230,
    });
  });

  test("reports its meter at the interval that is set, and never at 0", () => {
    booted().charge();
    station.set("MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval", "15");
    const startMs = station.nowMs;
    station.fire("meter");
    expect(station.nowMs - startMs).toBe(15_000);
    station.answerAll();
    station.set("MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval", "0");
    expect(station.timers.has("meter")).toBe(false);
  });

  test("keeps the meter interval of one car when another begins", () => {
    booted().charge();
    const dueMs = station.timers.get("meter");
    station.pass(20);
    const where = is16 ? { connectorId: 2 } : { evseId: 2 };
    station.invite(where);
    station.answerAll();
    station.fire("connector 2");
    station.answerAll();
    expect(Object.values(station.state.memory.charges).map(({ stage }) => stage)).toEqual([
      "charging",
      "charging",
    ]);
    expect(station.timers.get("meter")).toBe(dueMs);
  });

  test("authorizes the tag first if configured, and frees the connector of a refused driver", () => {
    booted().set("AuthorizeRemoteTxRequests", "AuthCtrlr.AuthorizeRemoteStart", "true");
    station.verdict = "Invalid";
    station.charge();
    expect(station.calls("Authorize")).toHaveLength(1);
    expect(messages()).toEqual([]);
    expect(station.state.memory.charges).toEqual({});
    station.verdict = "Accepted";
    station.charge();
    expect(kinds()).toEqual(expected("begin"));
  });

  test("ends a transaction whose tag is refused", () => {
    booted().verdict = "Blocked";
    station.charge();
    expect(kinds()).toEqual(expected("begin", "end"));
    const reason = is16 ? last()["reason"] : (last()["transactionInfo"] as Sent["payload"])["stoppedReason"];
    expect(reason).toBe("DeAuthorized");
  });

  test("refuses a start on an occupied or unavailable connector, and a stop of an unknown transaction", () => {
    booted();
    const stopOf = (name: string) =>
      is16
        ? station.call("RemoteStopTransaction", { transactionId: 4711 })
        : station.call("RequestStopTransaction", { transactionId: name });
    expect(stopOf("none")?.payload["status"]).toBe("Rejected");
    station.charge();
    const name = station.state.memory.charges[1]?.id ?? "";
    expect(station.charge()?.payload["status"]).toBe("Rejected");
    station.stop();
    expect(stopOf(name)?.payload["status"]).toBe("Rejected");
    station.fire("connector 1");
    station.answerAll();
    for (const id of [1, 0]) {
      const where = is16 ? { connectorId: id } : id > 0 ? { evse: { id } } : {};
      const wish = (word: string) => ({ ...where, [is16 ? "type" : "operationalStatus"]: word });
      station.call("ChangeAvailability", wish("Inoperative"));
      station.answerAll();
      expect(station.charge()?.payload["status"]).toBe("Rejected");
      station.call("ChangeAvailability", wish("Operative"));
      station.answerAll();
    }
    expect(station.charge()?.payload["status"]).toBe("Accepted");
    expect(kinds()).toEqual(expected("begin", "end", "begin"));
  });

  test("stores messages while it is offline, and sends them in order when it is back", () => {
    booted().charge();
    station.input({ kind: "disconnected" });
    station.fire("meter");
    station.fire("meter");
    const before = messages().length;
    station.reconnect();
    station.answerAll();
    expect(messages().slice(before)).toHaveLength(2);
    if (!is16) expect(messages().at(-1)?.payload["offline"]).toBe(true);
    expect(station.state.memory.backlog).toEqual([]);
  });

  test("ends a transaction with PowerLoss after a power cut, and counts no energy meanwhile", () => {
    booted().charge();
    station.pass(60);
    station.input({ kind: "powerOff" });
    const memory = station.state.memory;
    const again = new StationUnderTest(version, JSON.parse(JSON.stringify(memory)) as typeof memory);
    again.nowMs = station.nowMs + 3_600_000;
    station = again;
    station.boot();
    expect(kinds()).toEqual(expected("end"));
    const reason = is16 ? last()["reason"] : (last()["transactionInfo"] as Sent["payload"])["stoppedReason"];
    expect(reason).toBe("PowerLoss");
    if (is16) {
      expect(last()["transactionId"]).toBe(4711);
      expect(last()["meterStop"]).toBe(FIRST_MINUTE_WH);
    }
  });

  test("goes on charging when only its host was restarted", () => {
    booted().charge();
    const { memory } = station.state;
    const again = new StationUnderTest(version, JSON.parse(JSON.stringify(memory)) as typeof memory);
    again.nowMs = station.nowMs;
    station = again;
    station.input({ kind: "powerOn" });
    station.input({ kind: "connected" });
    station.fire("meter");
    station.answerAll();
    expect(kinds()).toEqual(expected("meter"));
    expect(station.stop()?.payload["status"]).toBe("Accepted");
  });

  test("ends transactions before a reset, and delivers them before it disconnects", () => {
    booted().charge();
    const answer = station.call("Reset", { type: is16 ? "Soft" : "Immediate" });
    expect(answer?.payload["status"]).toBe("Accepted");
    expect(kinds()).toEqual(expected("begin", "end"));
    station.fire("restart");
    expect(station.state.link).toBe("up");
    station.answerAll();
    station.fire("restart");
    expect(station.state.link).toBe("down");
  });

  test("repeats an unconfirmed message after growing waits and gives up after the configured attempts", () => {
    booted().charge();
    station.fire("meter");
    const waits: number[] = [];
    for (let attempt = 1; attempt < 3; attempt++) {
      const { id } = station.state.outstanding ?? { id: "" };
      station.input({ kind: "frame", text: JSON.stringify([4, id, "InternalError", "", {}]) });
      const startMs = station.nowMs;
      station.fire("backlog");
      waits.push((station.nowMs - startMs) / 1_000);
    }
    expect(waits).toEqual([60, 120]);
    const { id } = station.state.outstanding ?? { id: "" };
    station.input({ kind: "frame", text: JSON.stringify([4, id, "InternalError", "", {}]) });
    expect(station.state.memory.backlog).toEqual([]);
  });

  test("takes a connector out of service only after its transaction", () => {
    booted().charge();
    const wish = is16
      ? { connectorId: 1, type: "Inoperative" }
      : { operationalStatus: "Inoperative", evse: { id: 1 } };
    expect(station.call("ChangeAvailability", wish)?.payload["status"]).toBe("Scheduled");
    expect(station.state.memory.inoperative).toEqual([]);
    station.stop();
    station.fire("connector 1");
    station.answerAll();
    expect(statuses().at(-1)).toBe("Unavailable");
  });

  test("drops meter values of a long backlog, never the begin or the end of a transaction", () => {
    booted();
    station.invite();
    station.answerAll();
    station.input({ kind: "disconnected" });
    station.fire("connector 1");
    for (let count = 0; count < 250; count++) station.fire("meter");
    station.input({ kind: "powerOff" });
    station.input({ kind: "powerOn" });
    expect(station.state.memory.backlog).toHaveLength(200);
    const told = station.state.memory.backlog.map(({ action, payload }) => payload["eventType"] ?? action);
    const [begin, meter, end] = expected("begin", "meter", "end");
    expect([told[0], new Set(told.slice(1, -1)), told.at(-1)]).toEqual([begin, new Set([meter]), end]);
    const times = station.state.memory.backlog.map(({ payload }) => JSON.stringify(payload));
    expect(new Set(times).size).toBe(200);
  });
});

test("a 1.6 station whose StartTransaction was never answered stops with the number -1", () => {
  const station = new StationUnderTest("ocpp1.6");
  station.boot();
  station.set("TransactionMessageAttempts", "", "1");
  station.call("RemoteStartTransaction", { idTag: "TAG", connectorId: 1 });
  station.answerAll();
  station.fire("connector 1");
  station.fire("answer");
  station.answerAll();
  station.call("UnlockConnector", { connectorId: 1 });
  expect(station.calls("StopTransaction").at(-1)?.payload).toMatchObject({
    transactionId: -1,
    reason: "UnlockCommand",
  });
});

test("a 1.6 station forgets the id of a transaction when its end is delivered, and when it is given up", () => {
  const station = new StationUnderTest("ocpp1.6");
  station.boot();
  station.set("TransactionMessageAttempts", "", "1");
  for (const isAnswered of [true, false]) {
    station.charge();
    expect(Object.values(station.state.memory.transactionIds)).toEqual([4711]);
    station.call("RemoteStopTransaction", { transactionId: 4711 });
    station.answerUntil("StopTransaction");
    if (isAnswered) station.answerAll();
    else station.fire("answer");
    expect(station.state.memory.transactionIds).toEqual({});
    station.answerAll();
    station.fire("connector 1");
    station.answerAll();
  }
});

test("a 2.x station resets on idle only when its transaction has ended, and keeps the cable locked until then", () => {
  const station = new StationUnderTest("ocpp2.1");
  station.boot();
  station.charge();
  expect(station.call("Reset", { type: "OnIdle" })?.payload["status"]).toBe("Scheduled");
  expect(station.call("UnlockConnector", { evseId: 1, connectorId: 1 })?.payload["status"]).toBe(
    "OngoingAuthorizedTransaction",
  );
  expect(station.timers.has("restart")).toBe(false);
  station.stop();
  expect(station.timers.has("restart")).toBe(true);
});

test("a station that comes back in another version sends no message of the old one", () => {
  const old = new StationUnderTest("ocpp1.6");
  old.boot();
  old.charge();
  old.input({ kind: "disconnected" });
  old.fire("meter");
  old.input({ kind: "powerOff" });
  const station = new StationUnderTest("ocpp2.1", old.state.memory);
  station.boot();
  expect(station.calls("MeterValues")).toEqual([]);
  expect(station.calls("TransactionEvent").map(({ payload }) => payload["eventType"])).toEqual(["Ended"]);
});

test("a 2.1 station whose heartbeat stays unanswered charges like one without a connection", () => {
  const station = new StationUnderTest("ocpp2.1");
  station.boot();
  station.charge();
  const schedule = {
    id: 1,
    startSchedule: "2026-01-01T00:00:00Z",
    chargingRateUnit: "A",
    chargingSchedulePeriod: [{ startPeriod: 0, limit: 10 }],
  };
  const profile = {
    id: 1,
    stackLevel: 0,
    chargingProfilePurpose: "TxDefaultProfile",
    chargingProfileKind: "Absolute",
    maxOfflineDuration: 0,
    chargingSchedule: [schedule],
  };
  station.call("SetChargingProfile", { evseId: 0, chargingProfile: profile });
  station.answerAll();
  expect(station.state.memory.charges[1]?.flow.amps).toBe(10);
  station.fire("heartbeat");
  station.fire("answer");
  expect(station.state.memory.charges[1]?.flow.amps).toBe(31.8);
});
