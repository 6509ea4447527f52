import { expect, test } from "vitest";
import { energyReading } from "../../../src/ocpp/energy-reading.ts";
import type { JsonObject } from "../../../src/ocpp/json.ts";

const of = (...sampledValue: JsonObject[]) => energyReading([{ sampledValue }]);

test.each<[string, JsonObject[], number | null]>([
  ["1.6 text in Wh by default", [{ value: "1234" }], 1234],
  ["1.6 text in kWh", [{ value: "1.5", unit: "kWh" }], 1500],
  ["2.x number with a multiplier", [{ value: 1.5, unitOfMeasure: { unit: "Wh", multiplier: 3 } }], 1500],
  ["2.x number in kWh", [{ value: 2, unitOfMeasure: { unit: "kWh" } }], 2000],
  ["the newest of several", [{ value: "1" }, { value: "2" }], 2],
  ["a total beside a phase", [{ value: "9" }, { value: "3", phase: "L1" }], 9],
  ["no other measurand", [{ value: "7", measurand: "Power.Active.Import" }], null],
  ["no signed data", [{ value: "1A2B", format: "SignedData" }], null],
  ["no text that is no number", [{ value: "abc" }], null],
  ["no number without bounds", [{ value: 1, unitOfMeasure: { multiplier: 400 } }], null],
  ["nothing in nothing", [], null],
])("reads %s", (_title, samples, expected) => {
  expect(of(...samples)).toBe(expected);
});
