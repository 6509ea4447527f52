import { describe, expect, it } from "vitest";
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

  it("is gone 10 seconds after its look-up began when it cannot be refreshed", async () => {
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
