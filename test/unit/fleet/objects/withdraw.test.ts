import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Unavailable } from "../../../../src/errors.ts";
import { withdrawNow } from "../../../../src/fleet/objects/withdraw.ts";
import type { SessionRef, Sessions, Simulators } from "../../../../src/ports.ts";
import { unusedPort } from "../../api/fake-ports.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const organizationSlug = "acme";
const chargers = (count: number, runtime: "simulated" | "external" = "external") =>
  Array.from({ length: count }, (_, n) => ({
    chargerId: `c${n}`,
    identity: `CP-${n}`,
    runtime,
    simulatorHost: runtime === "simulated" ? "host/0" : null,
    organizationSlug,
  }));

/** Objects that take `ms` for each call, or fail. */
function objects(retire: (ref: SessionRef) => Promise<void>) {
  const calls: string[] = [];
  let running = 0;
  let most = 0;
  const noted = async (call: string, work: () => Promise<void>) => {
    calls.push(call);
    most = Math.max(most, ++running);
    await work().finally(() => running--);
  };
  const sessions: Sessions = {
    ...unusedPort<Sessions>("sessions"),
    retire: (ref) => noted(`retire ${ref.chargerId}`, () => retire(ref)),
  };
  const simulators: Simulators = {
    ...unusedPort<Simulators>("simulators"),
    remove: (host, id) => noted(`remove ${host} ${id}`, async () => undefined),
  };
  const held: Promise<unknown>[] = [];
  return {
    calls,
    held,
    most: () => most,
    ports: { sessions, simulators, clock: { now: () => new Date() } },
    background: (work: Promise<unknown>) => void held.push(work),
  };
}

const takes = (ms: number) => () => new Promise<void>((resolve) => setTimeout(resolve, ms));

test("sessions of deleted chargers are ended before the answer, five at a time, the station before its session", async () => {
  const { ports, calls, background, most } = objects(takes(10));
  const done = withdrawNow(ports, [...chargers(50), ...chargers(1, "simulated")], background);
  await vi.runAllTimersAsync();
  await done;
  expect(calls.filter((call) => call.startsWith("retire"))).toHaveLength(51);
  expect(calls.indexOf("remove host/0 c0")).toBeLessThan(calls.lastIndexOf("retire c0"));
  expect(most()).toBe(5);
});

test("a session that cannot be reached does not affect the others and is not an error", async () => {
  const { ports, calls, background } = objects(async ({ chargerId }) => {
    if (chargerId === "c3") throw new Unavailable("overloaded");
  });
  await withdrawNow(ports, chargers(10), background);
  expect(calls).toHaveLength(10);
});

test("the answer waits five seconds, the rest goes on after it, and stops before the platform's limit", async () => {
  const { ports, calls, background, held } = objects(takes(1000));
  const done = withdrawNow(ports, chargers(1000), background);
  await vi.advanceTimersByTimeAsync(5000);
  await done;
  expect(calls.length).toBeLessThan(40);
  await vi.advanceTimersByTimeAsync(30_000);
  await Promise.all(held);
  expect(calls.length).toBeGreaterThan(100);
  expect(calls.length).toBeLessThan(140);
});
