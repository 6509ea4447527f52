import type { Redis } from "@upstash/redis/cloudflare";
import type { ReplayMarks } from "../ports.ts";
import { keys } from "./keys.ts";

/** Deliveries finished by this isolate that are still within the life of their token. */
const DONE_MAX = 20_000;

/**
 * One command per delivery: the mark is shared, that the delivery is finished is known to the isolate that ran it. A
 * replay that reaches another isolate is answered as still running; either way it runs nothing.
 */
export function replayMarks(redis: Redis): ReplayMarks {
  const done = new Set<string>();
  return {
    async begin(id, ttlSeconds) {
      if (done.has(id)) return "done";
      try {
        const set = await redis.set(keys.replayMark(id), "started", { nx: true, ex: ttlSeconds });
        return set === "OK" ? "new" : "started";
      } catch {
        return null;
      }
    },
    finish(id) {
      if (done.size >= DONE_MAX) done.clear();
      done.add(id);
    },
    async forget(id) {
      await redis.del(keys.replayMark(id)).catch(() => null);
    },
  };
}
