import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TimerWheel } from "../../../src/durable/timer-wheel.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("runs each timer once, at its time, on a single runtime timer", () => {
  const wheel = new TimerWheel();
  const ran: string[] = [];
  for (const [name, delayMs] of Object.entries({ c: 300, a: 100, b: 200 })) {
    wheel.set(name, Date.now() + delayMs, () => ran.push(`${name}@${vi.getTimerCount()}`));
  }
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(150);
  expect(ran).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(ran.map((entry) => entry[0])).toEqual(["a", "b", "c"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("moves a timer that is set again and forgets one that is cleared", () => {
  const wheel = new TimerWheel();
  const ran: string[] = [];
  wheel.set("moved", Date.now() + 100, () => ran.push("early"));
  wheel.set("moved", Date.now() + 500, () => ran.push("late"));
  wheel.set("gone", Date.now() + 100, () => ran.push("gone"));
  wheel.clear("gone");
  vi.advanceTimersByTime(499);
  expect(ran).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(ran).toEqual(["late"]);
});

test("keeps timers that are set or cleared while others run", () => {
  const wheel = new TimerWheel();
  const ran: string[] = [];
  wheel.set("first", Date.now() + 100, () => {
    ran.push("first");
    wheel.clear("second");
    wheel.set("third", Date.now() + 50, () => ran.push("third"));
  });
  wheel.set("second", Date.now() + 100, () => ran.push("second"));
  vi.advanceTimersByTime(1_000);
  expect(ran).toEqual(["first", "third"]);
});

test("leaves no runtime timer behind once the last timer is cleared", () => {
  const wheel = new TimerWheel();
  wheel.set("deadline", Date.now() + 30_000, () => {});
  wheel.set("write", Date.now() + 50, () => {});
  wheel.clear("deadline");
  expect(vi.getTimerCount()).toBe(1);
  wheel.clear("write");
  expect(vi.getTimerCount()).toBe(0);
});

test("sets no runtime timer for a deadline that is cleared before an earlier timer fires", () => {
  const wheel = new TimerWheel();
  wheel.set("write", Date.now() + 50, () => {});
  let calls = 0;
  // Not by a spy: the runner restores what a spy replaced, which is the fake, after the clock is real again.
  const fake = globalThis.setTimeout;
  globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
    calls++;
    return fake(...args);
  }) as typeof setTimeout;
  wheel.set("deadline", Date.now() + 30_000, () => {});
  wheel.clear("deadline");
  vi.advanceTimersByTime(50);
  globalThis.setTimeout = fake;
  expect(calls).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("runs a timer that comes after an earlier one at its own time", () => {
  const wheel = new TimerWheel();
  const deadline = vi.fn();
  wheel.set("write", Date.now() + 50, () => {});
  wheel.set("deadline", Date.now() + 1000, deadline);
  vi.advanceTimersByTime(999);
  expect(deadline).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(deadline).toHaveBeenCalledOnce();
});
