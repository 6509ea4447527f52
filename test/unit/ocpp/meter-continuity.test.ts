import { describe, expect, it } from "vitest";
import { deliveredWh, offsetAfter } from "../../../src/ocpp/meter-continuity.ts";

/** Wh delivered over the readings of a register, the first of which is the start. */
function deliveredOver(readings: number[]): number | null {
  const [meterStartWh = null] = readings;
  let offsetWh = 0;
  for (const [index, reading] of readings.entries())
    if (index > 0) offsetWh += offsetAfter(readings[index - 1] ?? 0, reading);
  return deliveredWh({ meterStartWh, meterWh: readings.at(-1) ?? null, offsetWh });
}

describe("the energy of a transaction", () => {
  it.each([
    ["of a register that only counts up", [1000, 4000, 15_000], 14_000],
    ["of a register that stands still", [1000, 1000], 0],
    ["whose end is rounded below its last reading", [1000, 7540, 7500], 6500],
    ["over a reset to 0", [10_000, 14_000, 0, 3000], 7000],
    ["over a restart that lost the register and counted on", [10_000, 14_000, 500, 3000], 7000],
    ["over two resets", [10_000, 12_000, 0, 1000, 100, 600], 3600],
    ["over a reset of a register that began at 0", [0, 8000, 0, 2000], 10_000],
    ["that ends after a reset without a further reading", [10_000, 14_000, 20], 4020],
    ["over the end of a register of six digits", [995_000, 999_500, 2000], 7000],
    ["over the end of a register of eight digits", [99_990_000, 99_999_000, 4000], 14_000],
    ["over the end of a 32-bit register", [2 ** 32 - 9000, 2 ** 32 - 1000, 5000], 14_000],
    ["over the end of a 31-bit register", [2 ** 31 - 9000, 5000], 14_000],
    ["of a register near its end that was reset long after", [999_500, 999_900, 300_000], 300_400],
    ["over an exchanged meter", [500_000, 505_000, 400_000, 403_000], 8000],
  ])("%s", (_name, readings, expected) => {
    expect(deliveredOver(readings)).toBe(expected);
  });

  it("is unknown without a start or a reading, and never negative", () => {
    expect(deliveredWh({ meterStartWh: null, meterWh: 5, offsetWh: 0 })).toBeNull();
    expect(deliveredWh({ meterStartWh: 5, meterWh: null, offsetWh: 0 })).toBeNull();
    expect(deliveredWh({ meterStartWh: 1050, meterWh: 1000, offsetWh: 0 })).toBe(0);
  });

  it("grows by what was read, whatever else the register does", () => {
    // After a reset at a random place the sum is that of the parts.
    for (let before = 1000; before < 900_000; before += 7919)
      for (const after of [0, 1, 99, 400])
        expect(deliveredOver([before, before + 5000, after, after + 5000])).toBe(10_000 + after);
  });
});
