import { expect, test } from "vitest";
import { claimConnectSlot, passConnectGate } from "../../../../../src/durable/host/dial/connect-pacer.ts";

test("assigns slots at the configured rate to all callers together", () => {
  const startMs = Date.now() + 1_000_000;
  const slots = Array.from({ length: 5 }, () => claimConnectSlot(startMs, 200) - startMs);
  expect(slots).toEqual([0, 5, 10, 15, 20]);
});

test("does not accumulate slots: after a pause the rate is the same", () => {
  const startMs = Date.now() + 2_000_000;
  claimConnectSlot(startMs, 200);
  const laterMs = startMs + 60_000;
  expect([1, 2].map(() => claimConnectSlot(laterMs, 200) - laterMs)).toEqual([0, 5]);
});

test("spaces connection attempts that are all late", () => {
  const lateMs = Date.now() + 3_000_000;
  const gates = Array.from({ length: 3 }, () => passConnectGate(lateMs, 100) - lateMs);
  expect(gates).toEqual([0, 10, 20]);
});

test("delays nothing at rate 0", () => {
  expect([1, 2, 3].map(() => claimConnectSlot(5, 0))).toEqual([5, 5, 5]);
});
