import { beforeAll, describe, expect, test } from "vitest";
import { loadValidators, type Validators } from "../../../src/ocpp/validators.ts";
import { StationUnderTest } from "./station-under-test.ts";

type Row = Record<"component" | "variable", { name: string }>;

describe.each(["ocpp2.0.1", "ocpp2.1"] as const)("a %s station that reports", (version) => {
  let validators: Validators;

  beforeAll(async () => {
    validators = await loadValidators(version);
  });

  /** The status of the answer and the CALLs that follow it, all of them held to their schemas. */
  function ask(station: StationUnderTest, action: string, payload: object) {
    const before = station.calls().length;
    expect(validators.request(action, payload)).toBeNull();
    const answer = station.call(action, payload)?.payload;
    station.answerAll();
    const calls = station.calls().slice(before);
    expect(validators.response(action, answer)).toBeNull();
    for (const each of calls)
      expect([each, validators.request(each.action, each.payload)]).toEqual([each, null]);
    return { status: answer?.["status"], parts: calls.map((each) => each.payload) };
  }

  function report(request: object) {
    const { status, parts } = ask(StationUnderTest.booted(version), "GetReport", {
      requestId: 5,
      ...request,
    });
    const rows = parts.flatMap((part) => part["reportData"] as Row[]);
    return { status, names: rows.map(({ component, variable }) => `${component.name}.${variable.name}`) };
  }

  test("reports the variables that are named, and whole components", () => {
    const wanted = [
      { component: { name: "OCPPCommCtrlr" }, variable: { name: "HeartbeatInterval" } },
      { component: { name: "AuthCacheCtrlr" } },
      { component: { name: "Connector" } },
      { component: { name: "EVSE", evse: { id: 2 } } },
      {
        component: { name: "DeviceDataCtrlr" },
        variable: { name: "ItemsPerMessage", instance: "GetReport" },
      },
    ];
    expect(report({ componentVariable: wanted })).toEqual({
      status: "Accepted",
      names: [
        "OCPPCommCtrlr.HeartbeatInterval",
        "DeviceDataCtrlr.ItemsPerMessage",
        "AuthCacheCtrlr.Enabled",
        "Connector.AvailabilityState",
        "EVSE.AvailabilityState",
        "Connector.AvailabilityState",
      ],
    });
  });

  test("answers EmptyResultSet instead of an empty report", () => {
    const unknown = [{ component: { name: "Nope" } }];
    expect(report({ componentVariable: unknown })).toEqual({ status: "EmptyResultSet", names: [] });
    expect(report({ componentCriteria: ["Problem"] })).toEqual({ status: "EmptyResultSet", names: [] });
  });

  test("leaves a component that is switched off out of what is enabled", () => {
    const station = StationUnderTest.booted(version);
    station.set("", "AuthCacheCtrlr.Enabled", "false");
    const { parts } = ask(station, "GetReport", { requestId: 5, componentCriteria: ["Enabled"] });
    const text = JSON.stringify(parts);
    expect([text.includes("AuthCacheCtrlr"), text.includes("LocalAuthListCtrlr")]).toEqual([false, true]);
  });

  const profile = (id: number, purpose: string, stackLevel: number) => ({
    id,
    stackLevel,
    chargingProfilePurpose: purpose,
    chargingProfileKind: "Absolute",
    validTo: "2026-02-01T00:00:00.000Z",
    chargingSchedule: [
      {
        id: id + 100,
        startSchedule: "2026-01-01T00:00:00.000Z",
        chargingRateUnit: "A",
        chargingSchedulePeriod: [{ startPeriod: 0, limit: 10, numberPhases: 1, phaseToUse: 2 }],
      },
    ],
  });

  test("reports its charging profiles as they were set, one EVSE after the other", () => {
    const station = StationUnderTest.booted(version);
    const profiles = [profile(1, "ChargingStationMaxProfile", 0), profile(2, "TxDefaultProfile", 3)];
    ask(station, "SetChargingProfile", { evseId: 0, chargingProfile: profiles[0] });
    ask(station, "SetChargingProfile", { evseId: 2, chargingProfile: profiles[1] });
    const head = { requestId: 9, chargingLimitSource: "CSO" };
    expect(ask(station, "GetChargingProfiles", { requestId: 9, chargingProfile: {} })).toEqual({
      status: "Accepted",
      parts: [
        { ...head, evseId: 0, tbc: true, chargingProfile: [profiles[0]] },
        { ...head, evseId: 2, tbc: false, chargingProfile: [profiles[1]] },
      ],
    });
  });

  test.each<[object, object]>([
    [{ evseId: 1 }, {}],
    [{}, { chargingProfilePurpose: "TxProfile" }],
    [{}, { stackLevel: 4 }],
    [{}, { chargingProfileId: [7] }],
    [{}, { chargingLimitSource: ["EMS"] }],
  ])("has no profile where %j and %j ask for another one", (where, chargingProfile) => {
    const station = StationUnderTest.booted(version);
    const own = profile(2, "TxDefaultProfile", 3);
    ask(station, "SetChargingProfile", { evseId: 2, chargingProfile: own });
    const request = { requestId: 9, ...where, chargingProfile };
    expect(ask(station, "GetChargingProfiles", request)).toEqual({ status: "NoProfiles", parts: [] });
  });
});
