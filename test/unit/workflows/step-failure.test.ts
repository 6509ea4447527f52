import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Unavailable } from "../../../src/errors.ts";
import { NotAcceptedYet } from "../../../src/fleet/provision/provision-charger.ts";
import { failureOf, sanitized, STEP_DEADLINE_MS } from "../../../workflows/step-failure.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const words = (work: Promise<unknown>) => work.then(String, (error: Error) => error.message);

test("a step whose work never ends is answered at its deadline, frees its flow-control slot and counts as an outage", async () => {
  const ended = words(sanitized(() => new Promise(() => undefined)));
  await vi.advanceTimersByTimeAsync(STEP_DEADLINE_MS - 1);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await ended).toBe("DEPENDENCY_UNAVAILABLE");
  expect(failureOf(await ended)).toBe("outage");
});

test("a step that ends leaves no timer", async () => {
  expect(await sanitized(async () => 7)).toBe(7);
  expect(await words(sanitized(() => Promise.reject(new NotAcceptedYet())))).toBe("CHARGER_NOT_ACCEPTED_YET");
  expect(vi.getTimerCount()).toBe(0);
});

test("an error of a step reaches the engine as its name, without message or stack", async () => {
  const error = await sanitized(() => Promise.reject(new Unavailable("postgres at db.internal"))).catch(
    (thrown: unknown) => thrown as Error,
  );
  expect([error instanceof Error && error.message, error instanceof Error && error.stack]).toEqual([
    "DEPENDENCY_UNAVAILABLE",
    "DEPENDENCY_UNAVAILABLE",
  ]);
});
