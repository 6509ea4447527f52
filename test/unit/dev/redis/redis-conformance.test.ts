import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis, type RedisServer } from "../../../../dev/redis/start-redis.ts";
import { rateCounter } from "../../../../src/cache/rate-counter.ts";
import { connectRedis } from "../../../../src/cache/redis.ts";
import { replayMarks } from "../../../../src/cache/replay-marks.ts";

const token = "local-token";
const redisUrl = process.env["BUSBAR_REDIS_URL"];

const connected = (server: RedisServer) =>
  connectRedis({ UPSTASH_REDIS_REST_URL: server.url, UPSTASH_REDIS_REST_TOKEN: server.token });

describeConformance("the embedded engine", () => startRedis({ port: 0, token }));
if (redisUrl)
  describeConformance("the Redis server at BUSBAR_REDIS_URL", () => startRedis({ port: 0, token, redisUrl }));
else describe.skip("a Redis server (BUSBAR_REDIS_URL is not set)", () => it("conforms", () => undefined));

/** What the product and the unmodified Upstash clients in it must find at an endpoint, whatever is behind it. */
function describeConformance(engine: string, start: () => Promise<RedisServer>): void {
  describe(engine, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.close());

    it("marks a delivery once, until it is forgotten", async () => {
      const [one, other] = [replayMarks(connected(server)), replayMarks(connected(server))];
      const id = randomUUID();
      expect(await one.begin(id, 60)).toBe("new");
      expect(await other.begin(id, 60)).toBe("started");
      await one.forget(id);
      expect(await other.begin(id, 60)).toBe("new");
    });

    it("counts the use of each key in its window, up to the limit", async () => {
      const counter = rateCounter(connected(server));
      const key = randomUUID();
      const used = [];
      for (const count of [1, 4, 1]) used.push((await counter.add(key, count, 5, 86_400))?.used);
      expect(used).toEqual([1, 5, 5]);
      expect(await counter.add(randomUUID(), 2, 5, 86_400)).toEqual({
        used: 2,
        resetAtMs: expect.any(Number),
      });
    });

    it("gives each of twenty parallel requests a count of its own", async () => {
      const counter = rateCounter(connected(server));
      const key = randomUUID();
      const answers = await Promise.all(Array.from({ length: 20 }, () => counter.add(key, 1, 100, 86_400)));
      const used = answers.map((answer) => answer?.used ?? 0).toSorted((a, b) => a - b);
      expect(used).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    });

    it("answers a status, nil and a number as the client reads them", async () => {
      const redis = connected(server);
      const key = randomUUID();
      expect(await redis.set(key, "test", { ex: 60 })).toBe("OK");
      expect(await redis.set(key, "test", { ex: 60, nx: true })).toBeNull();
      expect([await redis.del(key), await redis.del(key)]).toEqual([1, 0]);
    });

    it("answers the probe of its readiness", async () => {
      expect(await connected(server).ping()).toBe("PONG");
    });

    it("refuses a wrong token", async () => {
      await expect(connected({ ...server, token: "wrong" }).del("key")).rejects.toThrow("WRONGPASS");
    });

    it.each([
      [["evalsha", "f".repeat(40), "0"], "NOSCRIPT No matching script. Please use EVAL."],
      [["nonsense", "key"], "ERR unknown command 'nonsense'"],
      [["set", "key"], "ERR wrong number of arguments for 'set' command"],
      [["set", "key", "value", "ex"], "ERR syntax error"],
      [["set", "key", "value", "ex", "0"], "ERR invalid expire time in 'set' command"],
      [["set", "key", "value", "ex", "soon"], "ERR value is not an integer or out of range"],
    ])("refuses %j as Redis does", async (words, message) => {
      await expect(connected(server).exec(words as [string, ...string[]])).rejects.toThrow(message);
    });
  });
}
