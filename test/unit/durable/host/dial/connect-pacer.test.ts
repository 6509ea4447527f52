import { expect, test } from "vitest";
import { claimConnectSlot, passConnectGate } from "../../../../../src/durable/host/dial/connect-pacer.ts";

test("assigns slots at the configured rate to all callers together", () => {
  const startMs = Date.now() + 1_000_000;
  const slots = Array.from({ length: 25 }, () => claimConnectSlot(startMs, 200) - startMs);
  expect(slots.slice(20)).toEqual([0, 5, 10, 15, 20]);
});

test("after a pause of any length a tenth of a second of unused slots is there at once, no more", () => {
  const startMs = Date.now() + 2_000_000;
  claimConnectSlot(startMs, 50);
  const laterMs = startMs + 60_000;
  const slots = Array.from({ length: 8 }, () => claimConnectSlot(laterMs, 50) - laterMs);
  expect(slots).toEqual([0, 0, 0, 0, 0, 0, 20, 40]);
});

test("lets a tenth of a second of late attempts through at once and spaces the others", () => {
  const lateMs = Date.now() + 3_000_000;
  const gates = Array.from({ length: 8 }, () => passConnectGate(lateMs, 50) - lateMs);
  expect(gates).toEqual([0, 0, 0, 0, 0, 0, 20, 40]);
});

test("keeps the rate of an isolate that comes late for each of its slots", () => {
  const startMs = Date.now() + 4_000_000;
  let atMs = startMs;
  for (let n = 0; n <= 200; n += 1)
    atMs = Math.max(atMs, passConnectGate(atMs, 100)) + (n % 5 === 0 ? 30 : 0);
  // 200 intervals of 10 ms; the pauses of 30 ms are caught up.
  expect(atMs - startMs).toBeLessThanOrEqual(2030);
});

test("delays nothing at rate 0", () => {
  expect([1, 2, 3].map(() => claimConnectSlot(5, 0))).toEqual([5, 5, 5]);
});
