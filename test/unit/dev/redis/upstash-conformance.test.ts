import { describe, it } from "vitest";
import { startRedis } from "../../../../dev/redis/start-redis.ts";
import { describeUpstashConformance } from "./upstash-conformance.ts";

const redisUrl = process.env["BUSBAR_REDIS_URL"];

describeUpstashConformance("the embedded engine", () => startRedis({ port: 0, token: "local-token" }));

if (redisUrl) {
  describeUpstashConformance("the Redis server at BUSBAR_REDIS_URL", () =>
    startRedis({ port: 0, token: "local-token", redisUrl }),
  );
} else describe.skip("a Redis server (BUSBAR_REDIS_URL is not set)", () => it("conforms", () => undefined));
