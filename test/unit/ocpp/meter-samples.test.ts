import { expect, test } from "vitest";
import { downsample, meterSamples } from "../../../src/ocpp/meter-samples.ts";

const AT = new Date("2026-05-01T10:00:00Z");
const timestamp = "2026-05-01T10:00:00.000Z";
const one = (sampledValue: object[]) => meterSamples([{ timestamp, sampledValue } as never], AT);
const plain = {
  timestamp,
  context: "Sample.Periodic",
  measurand: "Energy.Active.Import.Register",
  phase: null,
  location: "Outlet",
  unit: "Wh",
};

test("values of every version are read in one form, with what the specification says where they say nothing", () => {
  expect(one([{ value: "1500" }])).toEqual([{ ...plain, value: 1500 }]);
  expect(one([{ value: "1.5", unit: "kWh" }])).toEqual([{ ...plain, unit: "kWh", value: 1.5 }]);
  const multiplied = { value: 15.1, unitOfMeasure: { unit: "Wh", multiplier: 2 } };
  expect(one([multiplied])).toEqual([{ ...plain, value: 1510 }]);
  const current = { measurand: "Current.Import", phase: "L1", location: "Inlet", context: "Sample.Clock" };
  expect(one([{ value: "16.2", unit: "A", ...current }])).toEqual([
    { timestamp, ...current, unit: "A", value: 16.2 },
  ]);
  expect(one([{ value: 80, measurand: "SoC" }])).toMatchObject([{ unit: null, value: 80 }]);
  expect(one([{ value: "7", measurand: "Energy.Reactive.Import.Register" }])).toMatchObject([
    { unit: "varh" },
  ]);
});

test.each([
  ["signed", { value: "1500", format: "SignedData" }],
  ["no number", { value: "n/a" }],
  ["empty", { value: "" }],
  ["not finite", { value: 5, unitOfMeasure: { multiplier: 400 } }],
  ["absent", {}],
])("a value that is %s is left out", (_what, sample) => {
  expect(one([sample, { value: "1" }])).toMatchObject([{ value: 1 }]);
});

test("a value without a time of its own has that of its message", () => {
  expect(meterSamples([{ sampledValue: [{ value: "1" }] }], AT)).toMatchObject([{ timestamp }]);
});

test("of each span a register keeps its last value and everything else its mean, by phase, place and unit", () => {
  const at = (second: number) => new Date(AT.getTime() + second * 1000).toISOString();
  const power = { ...plain, measurand: "Power.Active.Import", unit: "W" };
  const samples = [
    { ...plain, timestamp: at(0), value: 100 },
    { ...plain, timestamp: at(59), value: 250 },
    { ...power, timestamp: at(10), value: 1000 },
    { ...power, timestamp: at(50), value: 3000 },
    { ...power, timestamp: at(50), phase: "L1", value: 7 },
    { ...plain, timestamp: at(30), value: 200 },
    { ...plain, timestamp: at(60), value: 300 },
  ];
  const merged = { context: null };
  expect(downsample(samples, 60_000)).toEqual([
    { ...plain, ...merged, timestamp: at(0), value: 250 },
    { ...power, ...merged, timestamp: at(0), value: 2000 },
    { ...power, ...merged, timestamp: at(0), phase: "L1", value: 7 },
    { ...plain, ...merged, timestamp: at(60), value: 300 },
  ]);
});
