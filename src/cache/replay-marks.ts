import type { Redis } from "@upstash/redis/cloudflare";
import type { ReplayMarks } from "../ports.ts";
import { keys } from "./redis.ts";

/** Most finished deliveries that an isolate remembers. */
const DONE_MAX = 20_000;

/**
 * Replay marks, one Redis command per delivery. The mark "started" is shared through Redis; "done" is known to the
 * isolate that ran the delivery only. A replay in another isolate is answered as still running. Neither runs again.
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
