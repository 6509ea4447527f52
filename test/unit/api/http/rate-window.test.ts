import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RateWindows } from "../../../../src/api/http/rate-window.ts";
import type { Background, RateCounter } from "../../../../src/ports.ts";

const ALLOWANCE = { limit: 10, windowSeconds: 60 };
const START_MS = 1_770_379_200_000;

/** A shared counter over fixed windows, as several isolates see it. */
function sharedCounter(now: () => number) {
  const totals = new Map<string, number>();
  const calls: Array<{ atMs: number; count: number }> = [];
  const counter: RateCounter = {
    async add(key, count, _limit, windowSeconds) {
      const bucket = Math.floor(now() / (windowSeconds * 1000));
      const total = (totals.get(`${key} ${bucket}`) ?? 0) + count;
      totals.set(`${key} ${bucket}`, total);
      calls.push({ atMs: now(), count });
      return { used: total, resetAtMs: (bucket + 1) * windowSeconds * 1000 };
    },
  };
  return { counter, calls };
}

function background(): { add: Background; settled: () => Promise<unknown> } {
  const work: Promise<unknown>[] = [];
  return { add: (promise) => void work.push(promise), settled: () => Promise.all(work) };
}

afterEach(() => void vi.useRealTimers());

describe("windows of requests", () => {
  it("admits exactly the limit in a window and starts again with the next one", async () => {
    let nowMs = START_MS;
    const { counter } = sharedCounter(() => nowMs);
    const windows = new RateWindows({ failOpen: true });
    const take = () => windows.take("org", ALLOWANCE, { nowMs, counter, background: background().add });
    const first = [];
    for (let i = 0; i < 12; i++) first.push((await take()).allowed);
    expect(first).toEqual([...Array<boolean>(10).fill(true), false, false]);
    nowMs += 59_999;
    expect((await take()).quota).toEqual({ limit: 10, remaining: 0, resetSeconds: 1 });
    nowMs += 1;
    expect(await take()).toEqual({ allowed: true, quota: { limit: 10, remaining: 9, resetSeconds: 60 } });
  });

  it("exchanges with the shared counter at most once a second and loses no request", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 }), async (gapsMs) => {
        let nowMs = START_MS;
        const { counter, calls } = sharedCounter(() => nowMs);
        const windows = new RateWindows({ failOpen: true });
        const tasks = background();
        const allowance = { limit: 1_000, windowSeconds: 3_600 };
        let admitted = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          if ((await windows.take("org", allowance, { nowMs, counter, background: tasks.add })).allowed)
            admitted++;
          await tasks.settled();
        }
        const { remaining } = windows.peek("org", allowance, nowMs).quota;
        expect(remaining).toBe(allowance.limit - admitted);
        for (const [i, call] of calls.entries())
          if (i > 0) expect(call.atMs - (calls[i - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(1_000);
      }),
    );
  });

  it("overshoots by no more than what the isolates admit between two exchanges", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(2), { minLength: 1, maxLength: 120 }), async (isolates) => {
        let nowMs = START_MS;
        const { counter } = sharedCounter(() => nowMs);
        const all = [0, 1, 2].map(() => new RateWindows({ failOpen: true }));
        const tasks = background();
        let admitted = 0;
        for (const isolate of isolates) {
          nowMs += 1_000;
          const windows = all[isolate];
          if (!windows) continue;
          const allowance = { limit: 10, windowSeconds: 3_600 };
          const verdict = await windows.take("org", allowance, { nowMs, counter, background: tasks.add });
          await tasks.settled();
          if (verdict.allowed) admitted++;
        }
        // Each isolate may admit one request before it hears of the others.
        expect(admitted).toBeLessThanOrEqual(10 + all.length);
      }),
    );
  });

  it("refuses the first request of an isolate when others used the window up", async () => {
    const counter: RateCounter = { add: async () => ({ used: 11, resetAtMs: START_MS + 60_000 }) };
    const windows = new RateWindows({ failOpen: true });
    const context = { nowMs: START_MS, counter, background: background().add };
    expect((await windows.take("org", ALLOWANCE, context)).allowed).toBe(false);
  });

  it("waits for a silent counter only once, and not for long", async () => {
    const counter: RateCounter = { add: () => new Promise(() => undefined) };
    const windows = new RateWindows({ failOpen: true });
    const context = { nowMs: START_MS, counter, background: background().add };
    vi.useFakeTimers();
    const first = windows.take("org", ALLOWANCE, context);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await first).allowed).toBe(true);
    // The clock stands still now: an answer that waited for it would never come.
    expect((await windows.take("org", ALLOWANCE, context)).allowed).toBe(true);
  });
});

describe("a shared counter that cannot be reached", () => {
  const down: RateCounter = { add: async () => null };
  const broken: RateCounter = { add: () => Promise.reject(new Error("no route to host")) };

  it.each([down, broken])(
    "opens windows of requests, shows the whole limit and says so once",
    async (counter) => {
      let told = 0;
      const windows = new RateWindows({ failOpen: true, onStoreDown: () => void told++ });
      for (let i = 0; i < 30; i++) {
        const context = { nowMs: START_MS + i * 1_000, counter, background: background().add };
        const verdict = await windows.take("org", ALLOWANCE, context);
        expect(verdict).toMatchObject({ allowed: true, quota: { remaining: 10 } });
      }
      expect(told).toBe(1);
    },
  );

  it.each([down, broken])("keeps windows of failures closed, counted alone", async (counter) => {
    const windows = new RateWindows({ failOpen: false });
    const verdicts = [];
    for (let i = 0; i < 12; i++) {
      const context = { nowMs: START_MS + i, counter, background: background().add };
      verdicts.push((await windows.take("ip", ALLOWANCE, context)).allowed);
    }
    expect(verdicts.filter(Boolean)).toHaveLength(10);
  });
});
