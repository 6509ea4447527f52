import type { Redis } from "@upstash/redis/cloudflare";
import type { ReplayMarks } from "../ports.ts";
import { keys } from "./keys.ts";

export function replayMarks(redis: Redis): ReplayMarks {
  return {
    async begin(id, ttlSeconds) {
      try {
        const set = await redis.set(keys.replayMark(id), "started", { nx: true, ex: ttlSeconds });
        if (set === "OK") return "new";
        return (await redis.get<string>(keys.replayMark(id))) === "done" ? "done" : "started";
      } catch {
        return null;
      }
    },
    async finish(id, ttlSeconds) {
      await redis.set(keys.replayMark(id), "done", { ex: ttlSeconds }).catch(() => null);
    },
    async forget(id) {
      await redis.del(keys.replayMark(id)).catch(() => null);
    },
  };
}
