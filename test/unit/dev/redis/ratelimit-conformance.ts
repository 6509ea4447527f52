import { randomUUID } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis";
import { describe, expect, it } from "vitest";

const algorithms = {
  fixedWindow: () => Ratelimit.fixedWindow(5, "1 d"),
  slidingWindow: () => Ratelimit.slidingWindow(5, "1 d"),
  tokenBucket: () => Ratelimit.tokenBucket(5, "1 d", 5),
};

export function describeRatelimitConformance(redis: () => Redis): void {
  describe.each(Object.entries(algorithms))("%s", (_name, limiter) => {
    const create = (limit = limiter()) =>
      new Ratelimit({
        redis: redis(),
        limiter: limit,
        prefix: randomUUID(),
        ephemeralCache: false,
        timeout: 0,
      });

    it("lets five of seven pass and counts down to nothing", async () => {
      const ratelimit = create();
      const outcomes: [boolean, number][] = [];
      for (let call = 0; call < 7; call++) {
        const { success, remaining } = await ratelimit.limit("client");
        outcomes.push([success, remaining]);
      }
      expect(outcomes.slice(0, 5)).toEqual([4, 3, 2, 1, 0].map((remaining) => [true, remaining]));
      expect(outcomes.slice(5)).toEqual([
        [false, 0],
        [false, 0],
      ]);
    });

    it("tells what remains and starts anew after a reset", async () => {
      const ratelimit = create();
      expect((await ratelimit.getRemaining("client")).remaining).toBe(5);
      await ratelimit.limit("client", { rate: 3 });
      expect((await ratelimit.getRemaining("client")).remaining).toBe(2);
      await ratelimit.resetUsedTokens("client");
      expect((await ratelimit.getRemaining("client")).remaining).toBe(5);
    });

    it("keeps clients apart", async () => {
      const ratelimit = create();
      await ratelimit.limit("one", { rate: 5 });
      expect((await ratelimit.limit("one")).success).toBe(false);
      expect((await ratelimit.limit("two")).success).toBe(true);
    });
  });

  it("lets exactly ten of twenty parallel calls pass a limit of ten", async () => {
    const ratelimit = new Ratelimit({
      redis: redis(),
      limiter: Ratelimit.slidingWindow(10, "1 d"),
      prefix: randomUUID(),
      ephemeralCache: false,
    });
    const results = await Promise.all(Array.from({ length: 20 }, () => ratelimit.limit("client")));
    expect(results.filter(({ success }) => success)).toHaveLength(10);
  });

  it("follows a limit that is changed while it runs", async () => {
    const ratelimit = new Ratelimit({
      redis: redis(),
      limiter: Ratelimit.fixedWindow(5, "1 d"),
      prefix: randomUUID(),
      ephemeralCache: false,
      dynamicLimits: true,
    });
    await ratelimit.setDynamicLimit({ limit: 2 });
    const results = [await ratelimit.limit("c"), await ratelimit.limit("c"), await ratelimit.limit("c")];
    expect(results.map(({ success, limit }) => [success, limit])).toEqual([
      [true, 2],
      [true, 2],
      [false, 2],
    ]);
  });
}
