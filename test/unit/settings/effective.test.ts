import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OCPP_VERSIONS } from "../../../src/ocpp/version.ts";
import { effectiveSettings, allocated } from "../../../src/settings/effective.ts";
import { layersOf, profilePayload } from "../../../src/settings/profiles.ts";
import type { DesiredSettings } from "../../../src/settings/desired.ts";
import { validatorsOf } from "../ocpp/validators-of.ts";

const NOW = new Date("2026-11-21T10:00:00.123Z");
const current = fc.double({ min: 0, max: 32, noNaN: true });
const desired: fc.Arbitrary<DesiredSettings> = fc.record(
  {
    maxChargeCurrent: current,
    maxChargePhases: fc.constantFrom(1, 3),
    minChargeCurrent: current,
    offlineChargeCurrent: fc.oneof(fc.constant(-1), current),
    offlineChargePhase: fc.constantFrom(0, 1, 2, 4, 7),
  },
  { requiredKeys: [] },
);

describe("the current that is allocated", () => {
  test("never exceeds what was asked and never lies between nothing and the minimum", () => {
    fc.assert(
      fc.property(current, current, (asked, min) => {
        const result = allocated(asked, min);
        expect(result).toBeLessThanOrEqual(asked);
        expect(result === 0 || result >= min).toBe(true);
      }),
    );
  });

  test("grows with what was asked", () => {
    fc.assert(
      fc.property(current, current, current, (a, b, min) => {
        expect(allocated(Math.min(a, b), min)).toBeLessThanOrEqual(allocated(Math.max(a, b), min));
      }),
    );
  });

  test("is every tenth of an ampere itself, and hundredths are rounded down", () => {
    for (let tenths = 0; tenths <= 320; tenths += 1) expect(allocated(tenths / 10, 0)).toBe(tenths / 10);
    expect([allocated(15.79, 6), allocated(20.55, 6), allocated(6.05, 6.04)]).toEqual([15.7, 20.5, 0]);
  });

  test("is nothing below six amperes until another minimum is set", () => {
    expect(effectiveSettings({ maxChargeCurrent: 5.9 }).onlineLimitA).toBe(0);
    expect(effectiveSettings({ maxChargeCurrent: 5.9, minChargeCurrent: 0 }).onlineLimitA).toBe(5.9);
    expect(effectiveSettings({ maxChargeCurrent: 8, minChargeCurrent: 10 }).onlineLimitA).toBe(0);
  });
});

describe.each(OCPP_VERSIONS)("profiles on %s", (version) => {
  const { request } = validatorsOf(version);
  const target = { version, isMulti: false, endsOffline: false, canChoosePhase: version !== "ocpp1.6" };
  const payloads = (wanted: DesiredSettings, changes: Partial<typeof target> = {}) => {
    const layers = layersOf(effectiveSettings(wanted), { ...target, ...changes }, { limitSet: true });
    return Object.values(layers).map((layer) => profilePayload(layer, version, NOW));
  };

  test("pass the schema for every tenth of an ampere", () => {
    for (let tenths = 0; tenths <= 320; tenths += 1)
      for (const payload of payloads({ maxChargeCurrent: tenths / 10, minChargeCurrent: 0 }))
        expect(request("SetChargingProfile", payload), `${tenths / 10} A`).toBeNull();
  });

  test("pass the schema for any legal settings", () => {
    fc.assert(
      fc.property(desired, fc.boolean(), (wanted, isMulti) => {
        const endsOffline = version === "ocpp2.1";
        for (const payload of [...payloads(wanted, { isMulti }), ...payloads(wanted, { endsOffline })])
          expect(request("SetChargingProfile", payload)).toBeNull();
      }),
    );
  });
});

const SCHEDULE = { startSchedule: "2026-11-21T00:00:00Z", chargingRateUnit: "A" };
const ONLINE = { maxChargeCurrent: 16, maxChargePhases: 3, minChargeCurrent: 6 };
const OFFLINE = { ...ONLINE, offlineChargeCurrent: 10, offlineChargePhase: 2 };
const online = {
  ...SCHEDULE,
  minChargingRate: 6,
  chargingSchedulePeriod: [{ startPeriod: 0, limit: 16, numberPhases: 3 }],
};

describe("frames", () => {
  const of = (wanted: DesiredSettings, version: "ocpp1.6" | "ocpp2.0.1" | "ocpp2.1", endsOffline = false) => {
    const target = { version, isMulti: false, endsOffline, canChoosePhase: version !== "ocpp1.6" };
    const layers = layersOf(effectiveSettings(wanted), target, { limitSet: true });
    return Object.values(layers).map((layer) =>
      profilePayload(layer, version, new Date("2026-11-21T10:00:00Z")),
    );
  };

  test("a maximum and the two layers on 1.6", () => {
    const base = { chargingProfileKind: "Absolute" };
    expect(of(ONLINE, "ocpp1.6")).toEqual([
      {
        connectorId: 0,
        csChargingProfiles: {
          ...base,
          chargingProfileId: 9001,
          stackLevel: 0,
          chargingProfilePurpose: "ChargePointMaxProfile",
          chargingSchedule: online,
        },
      },
    ]);
    expect(of(OFFLINE, "ocpp1.6")).toEqual([
      {
        connectorId: 0,
        csChargingProfiles: {
          ...base,
          chargingProfileId: 9002,
          stackLevel: 0,
          chargingProfilePurpose: "TxDefaultProfile",
          chargingSchedule: {
            ...SCHEDULE,
            chargingSchedulePeriod: [{ startPeriod: 0, limit: 10, numberPhases: 1 }],
          },
        },
      },
      {
        connectorId: 0,
        csChargingProfiles: {
          ...base,
          chargingProfileId: 9003,
          stackLevel: 1,
          chargingProfilePurpose: "TxDefaultProfile",
          validTo: "2026-11-21T10:30:00Z",
          chargingSchedule: online,
        },
      },
    ]);
  });

  test("the same on 2.0.1, with the phase that is used", () => {
    const base = { chargingProfileKind: "Absolute" };
    const period = { startPeriod: 0, limit: 10, numberPhases: 1, phaseToUse: 2 };
    const offline = {
      ...base,
      id: 9002,
      stackLevel: 0,
      chargingProfilePurpose: "TxDefaultProfile",
      chargingSchedule: [{ id: 1, ...SCHEDULE, chargingSchedulePeriod: [period] }],
    };
    const layer = {
      ...base,
      id: 9003,
      stackLevel: 1,
      chargingProfilePurpose: "TxDefaultProfile",
      chargingSchedule: [{ id: 1, ...online }],
    };
    expect(of(OFFLINE, "ocpp2.0.1")).toEqual([
      { evseId: 0, chargingProfile: offline },
      { evseId: 0, chargingProfile: { ...layer, validTo: "2026-11-21T10:30:00Z" } },
    ]);
    expect(of(OFFLINE, "ocpp2.1", true)).toEqual([
      { evseId: 0, chargingProfile: offline },
      { evseId: 0, chargingProfile: { ...layer, maxOfflineDuration: 0 } },
    ]);
    const max = { ...layer, id: 9001, stackLevel: 0, chargingProfilePurpose: "ChargingStationMaxProfile" };
    expect(of(ONLINE, "ocpp2.0.1")).toEqual([{ evseId: 0, chargingProfile: max }]);
  });
});
