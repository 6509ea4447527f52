import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { at, DONE, eventStation, ignored, session } from "./event-station.ts";
import { StationUnderTest } from "./station-under-test.ts";

describe.each(OCPP_VERSIONS)("drivers and cars at a %s station", (version) => {
  const { is16, begun, ended, use, messages, kinds, statuses, reason, metered, happens } =
    eventStation(version);
  let station: StationUnderTest;
  const booted = () => (station = use(StationUnderTest.booted(version)));
  const states = () =>
    is16
      ? statuses().filter((status) => /Charging|Suspended/.test(String(status)))
      : station
          .calls("TransactionEvent")
          .map(({ payload }) => (payload["transactionInfo"] as Record<string, unknown>)["chargingState"])
          .filter(
            (state, index, all) => state !== all[index - 1] && /Charging|Suspended/.test(String(state)),
          );

  test("a car is plugged in and unplugged; twice the same has no effect", () => {
    booted();
    expect(happens({ kind: "plug", ...at })).toEqual(DONE);
    expect(happens({ kind: "plug", ...at })).toEqual(ignored);
    expect(happens({ kind: "unplug", ...at })).toEqual(DONE);
    expect(happens({ kind: "unplug", ...at })).toEqual(ignored);
    expect(statuses()).toEqual(["Available", is16 ? "Preparing" : "Occupied", "Available"]);
    expect(messages()).toEqual([]);
  });

  test("a session plugs in, authorizes the tag, begins, and ends with the car unplugged", () => {
    booted();
    expect(happens(session)).toEqual(DONE);
    expect(station.calls("Authorize")).toHaveLength(1);
    station.pass(600);
    expect(happens({ kind: "stop_session", ...at })).toEqual(DONE);
    expect(kinds()).toEqual([begun, ended]);
    expect(reason()).toBe("Local");
    expect(station.state.memory.cars).toEqual({});
    const seen = is16
      ? ["Available", "Preparing", "Charging", "Finishing", "Available"]
      : ["Available", "Occupied", "Available"];
    expect(statuses()).toEqual(seen);
  });

  test("a refused tag begins no session, and the car leaves", () => {
    booted().verdict = "Blocked";
    happens(session);
    expect(messages()).toEqual([]);
    expect(station.state.memory).toMatchObject({ cars: {}, charges: {} });
  });

  test("a session ends by itself after its time, and the car leaves", () => {
    booted();
    const startMs = station.nowMs;
    happens({ ...session, durationSeconds: 900 });
    station.fire("charge 1");
    station.answerAll();
    expect(station.nowMs - startMs).toBe(900_000);
    expect(reason()).toBe(is16 ? "Local" : "TimeLimitReached");
    station.fire("connector 1");
    expect(station.state.memory).toMatchObject({ cars: {}, charges: {} });
  });

  test("a session ends by itself with its energy delivered, to the watt-hour", () => {
    booted();
    happens({ ...session, targetEnergyWh: 5_000 });
    station.fire("charge 1");
    station.answerAll();
    expect(station.state.memory.metersWh[1]).toBeCloseTo(5_000, 1);
    expect(reason()).toBe(is16 ? "Local" : "EnergyLimitReached");
  });

  test("the raw start begins without a question, at the meter reading that is given", () => {
    booted();
    happens({ kind: "plug", ...at });
    expect(happens({ kind: "start_transaction", ...at, idToken: "TAG", meterStartWh: 4_200 })).toEqual(DONE);
    expect(station.calls("Authorize")).toEqual([]);
    const { payload } = messages()[0] ?? { payload: {} };
    if (is16) expect(payload).toMatchObject({ idTag: "TAG", meterStart: 4_200 });
    else expect(payload).toMatchObject({ triggerReason: "Authorized", idToken: { idToken: "TAG" } });
    expect(happens({ kind: "start_transaction", ...at, idToken: "TAG", meterStartWh: null })).toEqual(
      ignored,
    );
  });

  test("the stop ends the transaction of the connector for the reason that is given; the car stays", () => {
    booted();
    happens({ kind: "plug", ...at });
    happens({ kind: "start_transaction", ...at, idToken: "TAG", meterStartWh: null });
    const stop = { kind: "stop_transaction", ...at, transactionId: null, reason: "EmergencyStop" } as const;
    expect(happens({ ...stop, connectorId: 2 })).toEqual(ignored);
    expect(happens({ ...stop, transactionId: "none" })).toEqual(ignored);
    expect(happens(stop)).toEqual(DONE);
    expect(reason()).toBe("EmergencyStop");
    expect(station.state.memory.cars[1]).toBeDefined();
    expect(station.timers.has("connector 1")).toBe(false);
    if (is16) expect(statuses().at(-1)).toBe("Finishing");
    expect(happens({ kind: "unplug", ...at })).toEqual(DONE);
    expect(statuses().at(-1)).toBe("Available");
  });

  test("the stop finds the transaction by its id", () => {
    booted();
    happens(session);
    const transactionId = is16 ? 4711 : (station.state.memory.charges[1]?.id ?? "");
    const stop = { kind: "stop_transaction", connectorId: 2, transactionId, reason: "Local" } as const;
    expect(happens(stop)).toEqual(DONE);
    expect(kinds()).toEqual([begun, ended]);
  });

  test("unplugging ends a transaction with EVDisconnected", () => {
    booted();
    happens(session);
    expect(happens({ kind: "unplug", ...at })).toEqual(DONE);
    expect([kinds(), reason()]).toEqual([[begun, ended], "EVDisconnected"]);
    expect(station.state.memory).toMatchObject({ cars: {}, charges: {} });
  });

  test("a car that wants no energy suspends the transaction, and continues it", () => {
    booted();
    happens(session);
    station.pass(60);
    expect(happens({ kind: "ev_stops_energy", ...at })).toEqual(DONE);
    expect(happens({ kind: "ev_stops_energy", ...at })).toEqual(ignored);
    const wh = station.state.memory.metersWh[1];
    station.pass(3_600);
    expect(happens({ kind: "ev_requests_energy", ...at })).toEqual(DONE);
    expect(station.state.memory.metersWh[1]).toBe(wh);
    expect(states()).toEqual(["Charging", "SuspendedEV", "Charging"]);
  });

  test("a full battery suspends the transaction", () => {
    booted();
    happens(session);
    station.fire("charge 1");
    station.answerAll();
    expect(states()).toEqual(["Charging", "SuspendedEV"]);
    const { capacityWh = 0, storedWh } = station.state.memory.cars[1] ?? {};
    expect(storedWh).toBeCloseTo(capacityWh, 1);
  });

  test("a profile of 0 A suspends it on the station's side, which comes first", () => {
    booted();
    happens(session);
    const periods = [{ startPeriod: 0, limit: 0 }];
    const profile = {
      stackLevel: 0,
      chargingProfilePurpose: "TxDefaultProfile",
      chargingProfileKind: "Absolute",
    };
    const schedule = {
      startSchedule: "2026-01-01T00:00:00Z",
      chargingRateUnit: "A",
      chargingSchedulePeriod: periods,
    };
    if (is16)
      station.call("SetChargingProfile", {
        connectorId: 1,
        csChargingProfiles: { ...profile, chargingProfileId: 1, chargingSchedule: schedule },
      });
    else
      station.call("SetChargingProfile", {
        evseId: 1,
        chargingProfile: { ...profile, id: 1, chargingSchedule: [{ id: 1, ...schedule }] },
      });
    station.answerAll();
    happens({ kind: "ev_stops_energy", ...at });
    expect(states()).toEqual(["Charging", "SuspendedEVSE"]);
    station.call("ClearChargingProfile", is16 ? { id: 1 } : { chargingProfileId: 1 });
    station.answerAll();
    expect(states().at(-1)).toBe("SuspendedEV");
  });

  test("a power update changes what the car draws, at most what the station offers", () => {
    booted();
    happens(session);
    station.pass(60);
    const power = () => {
      station.fire("meter");
      station.answerAll();
      return metered().get("Power.Active.Import");
    };
    expect(happens({ kind: "power_update", ...at, powerW: 6_900 })).toEqual(DONE);
    expect(power()).toBe(6_900);
    happens({ kind: "power_update", ...at, powerW: 1_000_000 });
    expect(power()).toBe(21_942);
    expect(happens({ kind: "power_update", connectorId: 2, powerW: 1 })).toEqual(ignored);
  });

  test("without a connection a known tag charges, an unknown one does not, and all is told later with its time", () => {
    booted();
    station.happen({
      kind: "local_list",
      version: 1,
      isFull: true,
      entries: [{ idToken: "TAG", status: "Accepted", expiresAtMs: null, group: null }],
    });
    station.input({ kind: "disconnected" });
    happens({ ...session, connectorId: 2, idToken: "STRANGER" });
    happens(session);
    const startMs = station.nowMs;
    station.pass(600);
    happens({ kind: "stop_session", ...at });
    const stopMs = station.nowMs;
    station.pass(60);
    expect(messages()).toEqual([]);
    station.reconnect();
    station.answerAll();
    expect(kinds()).toEqual([begun, ended]);
    expect(messages().map(({ payload }) => Date.parse(String(payload["timestamp"])))).toEqual([
      startMs,
      stopMs,
    ]);
    if (!is16) expect(messages().map(({ payload }) => payload["offline"])).toEqual([true, true]);
    expect(station.state.memory.charges[2]).toBeUndefined();
  });

  test("a reserved connector charges its holder or one of the same group, and nobody else", () => {
    booted();
    const reserve = is16
      ? {
          reservationId: 5,
          connectorId: 1,
          idTag: "HOLDER",
          parentIdTag: "FLEET",
          expiryDate: "2026-01-02T00:00:00Z",
        }
      : {
          id: 5,
          evseId: 1,
          idToken: { idToken: "HOLDER", type: "Central" },
          groupIdToken: { idToken: "FLEET", type: "Central" },
          expiryDateTime: "2026-01-02T00:00:00Z",
        };
    expect(station.call("ReserveNow", reserve)?.payload["status"]).toBe("Accepted");
    station.answerAll();
    expect(happens(session)).toEqual(ignored);
    station.happen({
      kind: "local_list",
      version: 1,
      isFull: true,
      entries: [{ idToken: "TAG", status: "Accepted", expiresAtMs: null, group: "FLEET" }],
    });
    expect(happens(session)).toEqual(DONE);
    expect(station.state.memory.reservations).toEqual([]);
    expect(messages()[0]?.payload["reservationId"]).toBe(5);
  });

  test("a DC station reports the state of charge, an AC station does not", () => {
    const percent = (maxPowerW: number) => {
      station = use(new StationUnderTest(version, undefined, 2, maxPowerW));
      station.boot();
      happens(session);
      station.pass(300);
      station.fire("meter");
      station.answerAll();
      return metered().get("SoC");
    };
    expect(percent(22_000)).toBeUndefined();
    expect(percent(150_000)).toBeGreaterThan(35);
  });
});
