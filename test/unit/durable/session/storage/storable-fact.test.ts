import { describe, expect, it } from "vitest";
import { storableFact } from "../../../../../src/durable/session/storage/storable-fact.ts";
import type { JsonObject } from "../../../../../src/ocpp/json.ts";

const told = (...values: JsonObject[]) => ({
  type: "meterValues" as const,
  transactionId: null,
  claimedId: null,
  evseId: 1,
  reason: "MeterValues",
  energyWh: 5,
  values,
  at: "2026-05-01T10:00:00.000Z",
});
const stored = (...values: JsonObject[]) =>
  (JSON.parse(storableFact(told(...values))) as { values: JsonObject[] }).values;

describe("storableFact", () => {
  it("keeps a fact of up to a whole frame unchanged", () => {
    const values = Array.from({ length: 15 }, () => ({ value: "é".repeat(60_000) }));
    expect(stored(...values)).toEqual(values);
  });

  it("cuts a long text at any depth, and marks it", () => {
    const [value] = stored({ deep: [["x".repeat(65_537)]] });
    expect(value).toEqual({ deep: [[`${"x".repeat(65_524)}…[truncated]`]] });
  });

  it("leaves neither NUL nor half characters in texts and in names", () => {
    expect(stored({ "a\0b": { "c\ud800": "d\0\udc00" } })).toEqual([{ ab: { "c\ufffd": "d\ufffd" } }]);
  });

  it("tells a backslash in a text from an escape", () => {
    expect(stored({ a: "\\u0000" })).toEqual([{ a: "\\u0000" }]);
  });

  it("bounds a list of numbers by its length as text, and marks it", () => {
    const numbers = Array.from({ length: 200_000 }, () => 1e20);
    const [value] = stored({ sampledValue: numbers });
    expect(Object.keys(value ?? {})).toEqual(["truncated"]);
    expect(String(value?.["truncated"])).toMatch(/^\[{"sampledValue":.*…\[truncated\]$/);
  });
});
