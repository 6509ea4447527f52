import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { within, withinOr } from "../../src/within.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const never = new Promise<never>(() => undefined);
const late = () => new Error("too late");

test("work that ends in time gives its result, and no timer is left", async () => {
  expect(await within(100, Promise.resolve("result"), late)).toBe("result");
  expect(await withinOr(100, Promise.resolve("result"), null)).toBe("result");
  expect(vi.getTimerCount()).toBe(0);
});

test("work that fails in time fails with its own error, and no timer is left", async () => {
  await expect(within(100, Promise.reject(new Error("refused")), late)).rejects.toThrow("refused");
  await expect(withinOr(100, Promise.reject(new Error("refused")), null)).rejects.toThrow("refused");
  expect(vi.getTimerCount()).toBe(0);
});

test("work without a result is waited for until the deadline and not longer", async () => {
  const outcomes: string[] = [];
  const failed = within(100, never, late).catch((error: Error) => outcomes.push(error.message));
  const replaced = withinOr(100, never, "fallback").then((value) => outcomes.push(value));
  await vi.advanceTimersByTimeAsync(99);
  expect(outcomes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all([failed, replaced]);
  expect(outcomes.toSorted()).toEqual(["fallback", "too late"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("the error is made only when the deadline has passed", async () => {
  const make = vi.fn(late);
  await within(100, Promise.resolve(1), make);
  expect(make).not.toHaveBeenCalled();
  const failed = within(100, never, make).catch(() => undefined);
  await vi.advanceTimersByTimeAsync(100);
  await failed;
  expect(make).toHaveBeenCalledOnce();
});

test("a failure after the deadline is no unhandled rejection", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  const work = Promise.withResolvers<string>();
  const answer = withinOr(100, work.promise, "fallback");
  await vi.advanceTimersByTimeAsync(100);
  work.reject(new Error("long after"));
  expect(await answer).toBe("fallback");
  vi.useRealTimers();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
