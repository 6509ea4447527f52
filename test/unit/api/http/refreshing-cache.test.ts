import { describe, expect, it } from "vitest";
import { Unavailable } from "../../../../src/errors.ts";
import { RefreshingCache } from "../../../../src/api/http/refreshing-cache.ts";

/** A source whose look-ups are answered by hand. */
function source(value: string | null) {
  const pending: Array<() => void> = [];
  const state = { value, calls: 0 };
  const load = () => {
    state.calls++;
    return new Promise<string | null>((resolve) => pending.push(() => resolve(state.value)));
  };
  return { state, load, answer: () => pending.splice(0).forEach((resolve) => resolve()) };
}

const ignore = () => undefined;

describe("a value looked up", () => {
  it("is used for 10 seconds and refreshed from the 5th without anybody waiting", async () => {
    const cache = new RefreshingCache<string>();
    const { state, load, answer } = source("old");
    const first = cache.get("k", load, 0, ignore);
    answer();
    expect(await first).toBe("old");
    expect(await cache.get("k", load, 4_999, ignore)).toBe("old");
    expect(state.calls).toBe(1);
    state.value = "new";
    const work: Promise<unknown>[] = [];
    expect(await cache.get("k", load, 5_000, (promise) => void work.push(promise))).toBe("old");
    expect(await cache.get("k", load, 6_000, (promise) => void work.push(promise))).toBe("old");
    expect(state.calls).toBe(2);
    answer();
    await Promise.all(work);
    expect(await cache.get("k", load, 14_999, ignore)).toBe("new");
  });

  it("is dropped 10 seconds after its look-up began if the next one fails and no value is allowed in an outage", async () => {
    const cache = new RefreshingCache<string>();
    const failing = () => Promise.reject(new Error("database down"));
    await cache.get("k", async () => "value", 0, ignore);
    expect(await cache.get("k", failing, 9_999, ignore)).toBe("value");
    await expect(cache.get("k", failing, 10_000, ignore)).rejects.toThrow("database down");
  });

  it("disappears with its background refresh", async () => {
    const cache = new RefreshingCache<string>();
    const work: Promise<unknown>[] = [];
    await cache.get("k", async () => "value", 0, ignore);
    await cache.get(
      "k",
      async () => null,
      5_000,
      (promise) => void work.push(promise),
    );
    await Promise.all(work);
    expect(await cache.get("k", async () => null, 5_001, ignore)).toBe(null);
  });
});

describe("while the source does not answer", () => {
  const away = () => Promise.reject(new Unavailable("database down"));
  const hanging = () => new Promise<string | null>(() => undefined);
  const kept = (onStandIn: (ageMs: number) => void = ignore) =>
    new RefreshingCache<string>({ keptMs: 60_000, patienceMs: 20, onStandIn });

  it.each([
    ["fails", away],
    ["hangs", hanging],
  ])("the last value stands in when the look-up %s, for a bounded time", async (_, load) => {
    const ages: number[] = [];
    const cache = kept((ageMs) => void ages.push(ageMs));
    await cache.get("k", async () => "value", 0, ignore);
    for (const nowMs of [10_000, 10_001, 30_000, 59_999])
      expect(await cache.get("k", load, nowMs, ignore)).toBe("value");
    expect(ages).toEqual([10_000]);
    await expect(cache.get("k", away, 60_000, ignore)).rejects.toBeInstanceOf(Unavailable);
  });

  it("asks for a value at most once in two seconds", async () => {
    const cache = kept();
    await cache.get("k", async () => "value", 0, ignore);
    let calls = 0;
    const counted = () => (calls++, away());
    for (let nowMs = 10_000; nowMs < 14_000; nowMs += 100) await cache.get("k", counted, nowMs, ignore);
    expect(calls).toBe(2);
  });

  it("a value that was deleted meanwhile is dropped by the first look-up that is answered", async () => {
    const cache = kept();
    const { state, load, answer } = source("value");
    await cache.get("k", async () => "value", 0, ignore);
    const work: Promise<unknown>[] = [];
    expect(await cache.get("k", load, 10_000, (promise) => void work.push(promise))).toBe("value");
    state.value = null;
    answer();
    await Promise.all(work);
    expect(await cache.get("k", away, 10_500, ignore)).toBe(null);
  });

  it("a request that asks when the source is back hears the truth itself", async () => {
    const cache = kept();
    await cache.get("k", async () => "value", 0, ignore);
    expect(await cache.get("k", away, 10_000, ignore)).toBe("value");
    expect(await cache.get("k", async () => null, 12_000, ignore)).toBe(null);
  });

  it("an older look-up that is answered late changes nothing", async () => {
    const cache = kept();
    const { state, load, answer } = source("old");
    await cache.get("k", async () => "value", 0, ignore);
    await cache.get("k", load, 10_000, ignore);
    expect(await cache.get("k", async () => "new", 12_000, ignore)).toBe("new");
    state.value = null;
    answer();
    await Promise.resolve();
    expect(await cache.get("k", away, 12_001, ignore)).toBe("new");
  });

  it("an unknown key is an outage, not an absence", async () => {
    await expect(kept().get("k", away, 0, ignore)).rejects.toBeInstanceOf(Unavailable);
  });
});

describe("an absence", () => {
  it("is remembered for less than a second", async () => {
    const cache = new RefreshingCache<string>();
    let calls = 0;
    const load = async () => (++calls > 1 ? "now it exists" : null);
    expect(await cache.get("k", load, 0, ignore)).toBe(null);
    expect(await cache.get("k", load, 999, ignore)).toBe(null);
    expect(await cache.get("k", load, 1_000, ignore)).toBe("now it exists");
  });
});
