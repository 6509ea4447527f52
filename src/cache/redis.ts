import { Redis } from "@upstash/redis/cloudflare";
import type { Config } from "../env.ts";

/** Nothing lives in Redis alone, so nothing waits long for it. */
const COMMAND_TIMEOUT_MS = 500;

/** `signal` makes the deadline of a command. */
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
