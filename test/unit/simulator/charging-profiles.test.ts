import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS, type OcppVersion } from "../../../src/ocpp/version.ts";
import { StationUnderTest } from "./station-under-test.ts";

interface Wanted {
  id: number;
  purpose: "max" | "default" | "transaction";
  limit: number;
  stackLevel?: number;
  phases?: number;
  phaseToUse?: number;
  validTo?: string;
  maxOfflineDuration?: number;
  invalidAfterOfflineDuration?: boolean;
  connectorId?: number;
  transactionId?: unknown;
}

const start = "2026-01-01T00:00:00Z";

/** A profile as its version spells it. */
function wire(station: StationUnderTest, wanted: Wanted) {
  const { id, purpose, limit, stackLevel = 0, phases, phaseToUse } = wanted;
  const is16 = station.state.profile.version === "ocpp1.6";
  const schedule = {
    startSchedule: start,
    chargingRateUnit: "A",
    chargingSchedulePeriod: [
      { startPeriod: 0, limit, ...(phases && { numberPhases: phases }), ...(phaseToUse && { phaseToUse }) },
    ],
  };
  const max = is16 ? "ChargePointMaxProfile" : "ChargingStationMaxProfile";
  return {
    [is16 ? "chargingProfileId" : "id"]: id,
    stackLevel,
    chargingProfilePurpose: { max, default: "TxDefaultProfile", transaction: "TxProfile" }[purpose],
    chargingProfileKind: "Absolute",
    ...(wanted.validTo && { validTo: wanted.validTo }),
    ...(wanted.transactionId !== undefined && { transactionId: wanted.transactionId }),
    ...(wanted.maxOfflineDuration !== undefined && { maxOfflineDuration: wanted.maxOfflineDuration }),
    ...(wanted.invalidAfterOfflineDuration && { invalidAfterOfflineDuration: true }),
    chargingSchedule: is16 ? schedule : [{ id: 1, ...schedule }],
  };
}

function install(station: StationUnderTest, wanted: Wanted) {
  const { connectorId = 0 } = wanted;
  const is16 = station.state.profile.version === "ocpp1.6";
  const profile = wire(station, wanted);
  const payload = is16
    ? { connectorId, csChargingProfiles: profile }
    : { evseId: connectorId, chargingProfile: profile };
  const answer = station.call("SetChargingProfile", payload);
  station.answerAll();
  return answer?.payload["status"];
}

/** Amperes by phase of the car at connector 1. */
function flow(station: StationUnderTest): [amps: number, phases: number] {
  const { amps = 0, phases = 0 } = station.state.memory.charges[1]?.flow ?? {};
  return [amps, phases];
}

function composite(station: StationUnderTest, connectorId: number, duration = 60) {
  const is16 = station.state.profile.version === "ocpp1.6";
  const where = is16 ? { connectorId } : { evseId: connectorId };
  const answer = station.call("GetCompositeSchedule", { ...where, duration, chargingRateUnit: "A" });
  const schedule = answer?.payload[is16 ? "chargingSchedule" : "schedule"] as Record<string, unknown>;
  return schedule["chargingSchedulePeriod"] as Array<Record<string, unknown>>;
}

function charging(version: OcppVersion): StationUnderTest {
  const station = StationUnderTest.booted(version);
  station.charge();
  return station;
}

describe.each(OCPP_VERSIONS)("a %s station under charging profiles", (version) => {
  test("charges at its rated power without one", () => {
    expect(flow(charging(version))).toEqual([31.8, 3]);
  });

  test("takes no more than its own maximum, at once and on fewer phases, and all again when it is cleared", () => {
    const station = charging(version);
    expect(install(station, { id: 9001, purpose: "max", limit: 16, phases: 1 })).toBe("Accepted");
    expect(flow(station)).toEqual([16, 1]);
    expect(composite(station, 0)).toMatchObject([{ startPeriod: 0, limit: 16, numberPhases: 1 }]);
    const which = version === "ocpp1.6" ? { id: 9001 } : { chargingProfileId: 9001 };
    expect(station.call("ClearChargingProfile", which)?.payload["status"]).toBe("Accepted");
    expect(flow(station)).toEqual([31.8, 3]);
    expect(station.call("ClearChargingProfile", which)?.payload["status"]).toBe("Unknown");
  });

  test("follows the highest default stack level until it ends, then the next lower one", () => {
    const station = charging(version);
    install(station, { id: 9002, purpose: "default", limit: 10, phases: 1 });
    install(station, {
      id: 9003,
      purpose: "default",
      stackLevel: 1,
      limit: 16,
      validTo: "2026-01-01T00:30:00Z",
    });
    expect(flow(station)).toEqual([16, 3]);
    const periods = composite(station, 1, 3_600);
    expect(periods.map(({ limit, numberPhases }) => [limit, numberPhases])).toEqual([
      [16, 3],
      [10, 1],
    ]);
    station.input({ kind: "disconnected" });
    station.fire("limits");
    expect(new Date(station.nowMs).toISOString()).toBe("2026-01-01T00:30:00.000Z");
    expect(flow(station)).toEqual([10, 1]);
  });

  test("prefers the profile of the transaction, limited by the station's own", () => {
    const station = charging(version);
    const transactionId = version === "ocpp1.6" ? 4711 : station.state.memory.charges[1]?.id;
    install(station, { id: 1, purpose: "default", limit: 8 });
    expect(
      install(station, { id: 2, purpose: "transaction", limit: 20, connectorId: 1, transactionId }),
    ).toBe("Accepted");
    expect(flow(station)).toEqual([20, 3]);
    install(station, { id: 3, purpose: "max", limit: 14 });
    expect(flow(station)).toEqual([14, 3]);
    station.stop();
    expect(station.state.memory.profiles.map(({ id }) => id)).toEqual([1, 3]);
  });

  test("suspends charging below 6 A, reports it, and counts no energy", () => {
    const station = charging(version);
    install(station, { id: 1, purpose: "max", limit: 0 });
    expect(flow(station)).toEqual([0, 0]);
    const action = version === "ocpp1.6" ? "StatusNotification" : "TransactionEvent";
    const payload = station.calls(action).at(-1)?.payload ?? {};
    const info = (payload["transactionInfo"] ?? {}) as Record<string, unknown>;
    const word = payload["status"] ?? info["chargingState"];
    expect(word).toBe("SuspendedEVSE");
    const before = station.state.memory.metersWh[1];
    station.pass(3_600);
    station.stop();
    expect(station.state.memory.metersWh[1]).toBe(before);
  });

  test("refuses profiles that it cannot apply", () => {
    const station = new StationUnderTest(version);
    station.boot();
    expect(install(station, { id: 1, purpose: "max", limit: 10, connectorId: 1 })).toBe("Rejected");
    expect(install(station, { id: 1, purpose: "default", limit: 10, stackLevel: 10 })).toBe("Rejected");
    expect(install(station, { id: 1, purpose: "transaction", limit: 10, connectorId: 1 })).toBe("Rejected");
    expect(install(station, { id: 1, purpose: "default", limit: 10, connectorId: 9 })).toBe("Rejected");
  });

  test("starts with the profile of its remote start", () => {
    const station = StationUnderTest.booted(version);
    const chargingProfile = wire(station, { id: 1, purpose: "transaction", limit: 10 });
    expect(station.charge({ chargingProfile })?.payload["status"]).toBe("Accepted");
    expect(flow(station)).toEqual([10, 3]);
  });

  test.each<[string, Partial<Wanted>]>([
    ["has a level above its own", { stackLevel: 10 }],
    ["is not for a transaction", { purpose: "default" }],
    ["is for another transaction", { transactionId: version === "ocpp1.6" ? 7 : "other" }],
  ])("refuses a remote start whose profile %s", (_why, part) => {
    const station = StationUnderTest.booted(version);
    const chargingProfile = wire(station, { id: 1, purpose: "transaction", limit: 10, ...part });
    expect(station.charge({ chargingProfile })?.payload["status"]).toBe("Rejected");
    expect(station.state.memory.profiles).toEqual([]);
    expect(station.state.memory.charges).toEqual({});
  });

  test("keeps its profiles over a power cut", () => {
    const station = charging(version);
    install(station, { id: 1, purpose: "default", limit: 13 });
    station.input({ kind: "powerOff" });
    station.boot();
    station.fire("connector 1");
    station.answerAll();
    station.charge();
    expect(flow(station)).toEqual([13, 3]);
  });

  test("divides its own maximum among charging cars", () => {
    const station = charging(version);
    install(station, { id: 1, purpose: "max", limit: 20 });
    expect(flow(station)).toEqual([20, 3]);
    station.call(
      version === "ocpp1.6" ? "RemoteStartTransaction" : "RequestStartTransaction",
      version === "ocpp1.6"
        ? { idTag: "B", connectorId: 2 }
        : { remoteStartId: 2, idToken: { idToken: "B", type: "Central" }, evseId: 2 },
    );
    station.answerAll();
    station.fire("connector 2");
    station.answerAll();
    expect(flow(station)).toEqual([10, 3]);
  });
});

test("a 2.1 station suspends a profile without offline time as soon as its connection is lost, and resumes it", () => {
  const station = charging("ocpp2.1");
  install(station, { id: 9002, purpose: "default", limit: 10, phases: 1, phaseToUse: 2 });
  install(station, { id: 9003, purpose: "default", stackLevel: 1, limit: 16, maxOfflineDuration: 0 });
  expect(flow(station)).toEqual([16, 3]);
  station.input({ kind: "disconnected" });
  expect(station.state.memory.charges[1]?.flow).toEqual({ amps: 10, phases: 1, firstPhase: 2 });
  station.reconnect();
  expect(flow(station)).toEqual([16, 3]);
});

test("a 2.x station refuses a default profile of a level that an EVSE holds already", () => {
  const station = new StationUnderTest("ocpp2.0.1");
  station.boot();
  expect(install(station, { id: 1, purpose: "default", limit: 10, connectorId: 1 })).toBe("Accepted");
  expect(install(station, { id: 2, purpose: "default", limit: 10 })).toBe("Rejected");
});

test("a 2.1 station deletes a profile that ends with too long an outage", () => {
  const station = charging("ocpp2.1");
  install(station, {
    id: 9003,
    purpose: "default",
    limit: 16,
    maxOfflineDuration: 60,
    invalidAfterOfflineDuration: true,
  });
  station.input({ kind: "disconnected" });
  expect(flow(station)).toEqual([16, 3]);
  station.fire("limits");
  expect(flow(station)).toEqual([31.8, 3]);
  station.reconnect();
  expect(station.state.memory.profiles).toEqual([]);
});

test("a 2.x station refuses the profile of a transaction that does not run", () => {
  const station = charging("ocpp2.0.1");
  const wanted = {
    id: 1,
    purpose: "transaction",
    limit: 10,
    connectorId: 1,
    transactionId: "other",
  } as const;
  expect(install(station, wanted)).toBe("Rejected");
});
