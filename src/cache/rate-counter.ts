import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis/cloudflare";
import type { RateCounter } from "../ports.ts";
import { keys } from "./redis.ts";

const TIMEOUT_MS = 500;

/**
 * Rate limit counter in Redis. It uses fixed windows: the only algorithm of the library that counts requests beyond
 * the limit, so that isolates see each other's use.
 */
export function rateCounter(redis: Redis): RateCounter {
  const limiters = new Map<string, Ratelimit>();
  const limiterOf = (limit: number, windowSeconds: number) => {
    const name = `${limit}/${windowSeconds}`;
    const known = limiters.get(name);
    if (known) return known;
    const made = new Ratelimit({
      redis,
      limiter: Ratelimit.fixedWindow(limit, `${windowSeconds} s`),
      prefix: keys.rateLimitPrefix,
      ephemeralCache: false,
      timeout: TIMEOUT_MS,
    });
    limiters.set(name, made);
    return made;
  };
  return {
    async add(key, count, limit, windowSeconds) {
      try {
        const answer = await limiterOf(limit, windowSeconds).limit(key, { rate: count });
        if (answer.reason === "timeout") return null;
        return { used: limit - answer.remaining, resetAtMs: answer.reset };
      } catch {
        return null;
      }
    },
  };
}
