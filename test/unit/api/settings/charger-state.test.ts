import { describe, expect, test } from "vitest";
import { chargerState } from "../../../../src/api/settings/charger-state.ts";
import type { JsonObject } from "../../../../src/ocpp/json.ts";
import type { SettingState, SettingsView } from "../../../../src/ports.ts";
import { ID } from "./surface.ts";

const T0 = new Date("2026-11-21T10:00:00.000Z");
const inForce = (value: number, reported: number | null = null): SettingState => ({
  outcome: "applied",
  reported,
  effective: value,
  verified: false,
  detail: null,
  revision: 1,
  updatedAt: T0.toISOString(),
  inForce: value,
  inForceAt: T0.toISOString(),
  reboots: 0,
});

const view = (changed: Partial<SettingsView> = {}): SettingsView => ({
  chargerId: ID,
  identity: "CP",
  name: null,
  createdAt: T0,
  vendor: null,
  model: null,
  location: null,
  connection: null,
  connectors: [],
  charge: null,
  settings: null,
  ...changed,
});

const valuesOf = (shown: SettingsView, now = T0) =>
  Object.fromEntries(chargerState(shown, now).map(({ StateId, ValueAsString }) => [StateId, ValueAsString]));

test("of a charger that was never connected only that is known", () => {
  const capabilities = '{"DeviceType":"Unknown","ProductVariant":"Unknown"}';
  expect(valuesOf(view())).toEqual({ "-3": "0", "-2": "0", 100: capabilities, 718: "0" });
});

test("the capabilities of a charger are an object in JSON, whatever its make", () => {
  const told = (vendor: string | null, model: string | null) =>
    JSON.parse(valuesOf(view({ vendor, model }))[100] ?? "");
  expect(told("ABB", "Terra AC")).toEqual({ DeviceType: "Unknown", ProductVariant: "Terra AC" });
  expect(told("Zaptec", "Zaptec Go")).toEqual({ DeviceType: "Go", ProductVariant: "Zaptec Go" });
  expect(told("ZAPTEC", "PRO")).toEqual({ DeviceType: "Pro", ProductVariant: "PRO" });
});

test("settings in force are shown under their ids, the offline phase in the code of the states", () => {
  for (const [phase, code] of [
    [0, "0"],
    [1, "1"],
    [2, "2"],
    [4, "3"],
    [7, "4"],
  ] as const) {
    const settings = {
      revision: 1,
      desired: {},
      station: {},
      updatedAt: T0,
      states: {
        maxChargeCurrent: inForce(16, 15.5),
        minChargeCurrent: inForce(6),
        maxChargePhases: inForce(3),
        offlineChargeCurrent: inForce(-1),
        offlineChargePhase: inForce(phase),
        meterValueInterval: inForce(900),
      },
    };
    expect(valuesOf(view({ settings }))).toMatchObject({
      510: "16",
      511: "6",
      520: "3",
      522: code,
      523: "-1",
      145: "900",
      555: "900",
      708: "15.5",
    });
  }
});

const phases = ["L1", "L2", "L3"];
const current = (value: string) => (phase: string) => ({ measurand: "Current.Import", value, phase });
const at = (minutes: number) => new Date(T0.getTime() + minutes * 60_000);
const message = (minutes: number, ...sampledValue: JsonObject[]) => ({
  meterValue: [{ sampledValue }],
  at: at(minutes),
  receivedAt: at(minutes),
});

describe("a running transaction", () => {
  const id = "txn_01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const voltage = phases.map((phase) => ({ measurand: "Voltage", value: "230", phase }));
  const power = { measurand: "Power.Active.Import", value: "11040" };
  const all = message(5, ...voltage, ...phases.map(current("16")), power);
  const charge = {
    id,
    energyWh: 4200,
    newest: { Voltage: all, "Current.Import": all, "Power.Active.Import": all },
    updatedAt: at(6),
  };

  test("shows what its meter said last, and the phases in use", () => {
    expect(valuesOf(view({ charge }))).toMatchObject({
      501: "230",
      503: "230",
      507: "16",
      509: "16",
      513: "11040",
      519: "4",
      553: "4.2",
      721: id,
    });
    const newest = { "Current.Import": message(5, current("16")("L2"), current("0")("L1")) };
    const values = valuesOf(view({ charge: { ...charge, energyWh: null, newest } }));
    expect([values[519], values[508], values[553], values[513]]).toEqual(["2", "16", undefined, undefined]);
  });

  test("shows each measurand with the time of the message that contained it", () => {
    const newest = { ...charge.newest, "Current.Import": message(6, current("10")("L1")) };
    const states = chargerState(view({ charge: { ...charge, newest } }), at(7));
    const timeOf = (stateId: number) => states.find(({ StateId }) => StateId === stateId)?.Timestamp;
    expect([501, 513, 507, 519, 553].map(timeOf)).toEqual(
      [5, 5, 6, 6, 6].map((minutes) => at(minutes).toISOString()),
    );
    // The newest message tells of one phase, so the others are not in use any more.
    expect(states.filter(({ StateId }) => [508, 509].includes(StateId))).toEqual([]);
  });

  test("drops a measurand that no message contained for two intervals", () => {
    const settings = (seconds: number) => ({
      revision: 1,
      desired: {},
      station: {},
      updatedAt: T0,
      states: { meterValueInterval: inForce(seconds) },
    });
    const powerAt = (minutes: number, seconds?: number) =>
      valuesOf(
        view({ charge, settings: seconds === undefined ? null : settings(seconds) }),
        at(minutes),
      )[513];
    expect([powerAt(5 + 120), powerAt(5 + 121)]).toEqual(["11040", undefined]);
    expect([powerAt(5 + 30, 900), powerAt(5 + 31, 900)]).toEqual(["11040", undefined]);
    expect([powerAt(5 + 15, 30), powerAt(5 + 16, 30)]).toEqual(["11040", undefined]);
    expect(powerAt(5 + 120, 0)).toBe("11040");
    expect(valuesOf(view({ charge }), at(600))).toMatchObject({ 553: "4.2", 721: id });
  });
});
