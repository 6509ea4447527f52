import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { probeDependency } from "../../src/probe-dependency.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("an answer is ok, a failure unreachable", async () => {
  expect(await probeDependency(async () => "answer")).toBe("ok");
  expect(await probeDependency(() => Promise.reject(new Error("refused")))).toBe("unreachable");
});

it("a dependency that never answers is unreachable after three seconds, and its check is ended", async () => {
  let ended: AbortSignal | undefined;
  const state = probeDependency((signal) => {
    ended = signal;
    return new Promise(() => {});
  });
  await vi.advanceTimersByTimeAsync(2_900);
  expect(ended?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  expect(await state).toBe("unreachable");
  expect(ended?.aborted).toBe(true);
});

it("a pause of the own isolate, however long, does not make the dependency unreachable", async () => {
  const answer = Promise.withResolvers<string>();
  const state = probeDependency(() => answer.promise);
  // The whole minute passes in one go, as for an isolate whose thread is busy: nothing can be heard meanwhile.
  vi.advanceTimersByTime(60_000);
  answer.resolve("it was there all the time");
  await vi.advanceTimersByTimeAsync(0);
  expect(await state).toBe("ok");
});

it("no timer is left once the answer has come", async () => {
  expect(await probeDependency(async () => "answer")).toBe("ok");
  await vi.advanceTimersByTimeAsync(100);
  expect(vi.getTimerCount()).toBe(0);
});
