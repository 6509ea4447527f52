import { Redis } from "@upstash/redis/cloudflare";
import type { Config } from "../env.ts";

/** Deadline of a command. Short, because every caller can go on without Redis. */
const COMMAND_TIMEOUT_MS = 500;

/** Redis client over HTTP. `signal` makes the deadline of each command. */
export function connectRedis(
  config: Pick<Config, "UPSTASH_REDIS_REST_URL" | "UPSTASH_REDIS_REST_TOKEN">,
  signal = () => AbortSignal.timeout(COMMAND_TIMEOUT_MS),
): Redis {
  return new Redis({
    url: config.UPSTASH_REDIS_REST_URL,
    token: config.UPSTASH_REDIS_REST_TOKEN,
    retry: false,
    enableTelemetry: false,
    enableAutoPipelining: false,
    signal,
  });
}

/**
 * Every key that Busbar writes to Redis. If all are lost, rate limits start again and replays are not recognised; no
 * data is lost.
 */
export const keys = {
  /** @upstash/ratelimit appends identifier and window; value: requests counted; expires with the window. */
  rateLimitPrefix: "rl",
  /** `started`; expires after the life of a signed delivery. */
  replayMark: (id: string) => `wf:jti:${id}`,
};
