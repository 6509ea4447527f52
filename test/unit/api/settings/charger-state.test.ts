import { expect, test } from "vitest";
import { chargerState } from "../../../../src/api/settings/charger-state.ts";
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

const valuesOf = (shown: SettingsView) =>
  Object.fromEntries(chargerState(shown).map(({ StateId, ValueAsString }) => [StateId, ValueAsString]));

test("of a charger that was never connected only that is known", () => {
  expect(valuesOf(view())).toEqual({ "-3": "0", "-2": "0", 718: "0" });
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

test("a running transaction shows what its meter said last, and the phases in use", () => {
  const phases = ["L1", "L2", "L3"];
  const current = (value: string) => (phase: string) => ({ measurand: "Current.Import", value, phase });
  const voltage = phases.map((phase) => ({ measurand: "Voltage", value: "230", phase }));
  const power = { measurand: "Power.Active.Import", value: "11040" };
  const charge = {
    id: "txn_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    energyWh: 4200,
    meterValue: [{ sampledValue: [...voltage, ...phases.map(current("16")), power] }],
    updatedAt: new Date("2026-11-21T10:05:00.000Z"),
  };
  const shown = view({ charge });
  expect(valuesOf(shown)).toMatchObject({
    501: "230",
    503: "230",
    507: "16",
    509: "16",
    513: "11040",
    519: "4",
    553: "4.2",
    721: "txn_01ARZ3NDEKTSV4RRFFQ69G5FAV",
  });
  expect(chargerState(shown).find(({ StateId }) => StateId === 513)?.Timestamp).toBe(
    "2026-11-21T10:05:00.000Z",
  );
  const single = {
    ...charge,
    energyWh: null,
    meterValue: [{ sampledValue: [current("16")("L2"), current("0")("L1")] }],
  };
  const values = valuesOf(view({ charge: single }));
  expect([values[519], values[508], values[553], values[513]]).toEqual(["2", "16", undefined, undefined]);
});
