import { expect, test } from "vitest";
import { liveReading } from "../../../src/ocpp/live-reading.ts";

const sample = (measurand: string, value: string | number, more: object = {}) => ({
  measurand,
  value,
  ...more,
});

test("a 1.6 reading is converted to V, A and W for each phase, whatever its unit", () => {
  const sampledValue = [
    sample("Voltage", "230.4", { phase: "L1-N", unit: "V" }),
    sample("Voltage", "231", { phase: "L2" }),
    sample("Current.Import", "15.9", { phase: "L1" }),
    sample("Current.Import", "0", { phase: "L3" }),
    sample("Power.Active.Import", "11.04", { unit: "kW" }),
    sample("Energy.Active.Import.Register", "5000"),
  ];
  expect(liveReading([{ timestamp: "2026-11-21T10:00:00Z", sampledValue }])).toEqual({
    voltageV: [230.4, 231, null],
    currentA: [15.9, null, 0],
    powerW: 11_040,
  });
});

test("a 2.x reading gives the newest value, and the sum of its phases as power", () => {
  const power = (value: number, phase: string) =>
    sample("Power.Active.Import", value, { phase, unitOfMeasure: { unit: "W", multiplier: 3 } });
  const list = [
    { sampledValue: [sample("Current.Import", 9, { phase: "L1" })] },
    { sampledValue: [sample("Current.Import", 16, { phase: "L1" }), power(3.5, "L1"), power(3.5, "L2")] },
  ];
  expect(liveReading(list)).toMatchObject({ currentA: [16, null, null], powerW: 7000 });
});

test("signed data, text and values between two phases are ignored", () => {
  const sampledValue = [
    sample("Voltage", "OE9C", { phase: "L1", format: "SignedData" }),
    sample("Voltage", "400", { phase: "L1-L2" }),
    sample("Current.Import", "n/a", { phase: "L1" }),
  ];
  const nothing = { voltageV: [null, null, null], currentA: [null, null, null], powerW: null };
  expect(liveReading([{ sampledValue }, {}])).toEqual(nothing);
});
