import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TimerWheel } from "../../../../src/durable/host/timer-wheel.ts";

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
