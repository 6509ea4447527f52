import { randomUUID } from "node:crypto";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../../dev/redis/start-redis.ts";
import { describeRatelimitConformance } from "./ratelimit-conformance.ts";
import { describeScriptConformance } from "./script-conformance.ts";
import { until } from "./until.ts";

/** What the unmodified Upstash clients must find at an endpoint, whatever is behind it. */
export function describeUpstashConformance(engine: string, start: () => Promise<RedisServer>): void {
  describe(engine, () => {
    let server: RedisServer;
    let redis: Redis;

    beforeAll(async () => {
      server = await start();
      redis = new Redis({ url: server.url, token: server.token });
    });
    afterAll(() => server?.close());
    beforeEach(() => server.flush());

    describeStrings(() => redis);
    describeExpiry(() => redis);
    describeCollections(() => redis);
    describePipelines(() => redis);
    describeScriptConformance(() => redis);
    describeRatelimitConformance(() => redis);

    it("refuses a wrong token", async () => {
      const stranger = new Redis({ url: server.url, token: "wrong" });
      await expect(stranger.get("key")).rejects.toThrow("WRONGPASS");
    });
  });
}

function describeStrings(redis: () => Redis): void {
  it("gives back objects with UTF-8 as they were set", async () => {
    const value = { name: "Zürich ⚡", nested: { list: [1, null, "x"] } };
    expect(await redis().set("key", value)).toBe("OK");
    expect(await redis().get("key")).toEqual(value);
  });

  it.each(["test", "OK", "YWJj", ""])("gives back the text %j, which may look like base64", async (text) => {
    await redis().set("key", text);
    expect(await redis().get("key")).toBe(text);
    expect(await redis().mget("key")).toEqual([text]);
  });

  it("answers null for a missing key", async () => {
    expect(await redis().get("missing")).toBeNull();
  });

  it("sets only what is absent with NX and only what is present with XX", async () => {
    expect(await redis().set("key", "a", { xx: true })).toBeNull();
    expect(await redis().set("key", "b", { nx: true })).toBe("OK");
    expect(await redis().set("key", "c", { nx: true })).toBeNull();
    expect(await redis().set("key", "d", { xx: true })).toBe("OK");
    expect(await redis().get("key")).toBe("d");
  });

  it("returns the old value with GET", async () => {
    expect(await redis().set("key", "old", { get: true })).toBeNull();
    expect(await redis().set("key", "new", { get: true })).toBe("old");
  });

  it("counts up and down, and refuses to count a text", async () => {
    expect(await redis().incr("n")).toBe(1);
    expect(await redis().incrby("n", 41)).toBe(42);
    expect(await redis().decr("n")).toBe(41);
    expect(await redis().decrby("n", 50)).toBe(-9);
    await redis().set("text", "abc");
    await expect(redis().incr("text")).rejects.toThrow("ERR value is not an integer or out of range");
  });

  it("reads many keys at once, with null for those that are missing or of another type", async () => {
    await redis().set("a", 1);
    await redis().sadd("b", "x");
    expect(await redis().mget("a", "b", "c")).toEqual([1, null, null]);
  });

  it("counts deleted and existing keys", async () => {
    await redis().set("a", 1);
    await redis().set("b", 2);
    expect(await redis().exists("a", "b", "c", "a")).toBe(3);
    expect(await redis().del("a", "c")).toBe(1);
    expect(await redis().dbsize()).toBe(1);
    expect(await redis().flushdb()).toBe("OK");
    expect(await redis().dbsize()).toBe(0);
  });

  it("answers ping and tells the time", async () => {
    expect(await redis().ping()).toBe("PONG");
    const [seconds] = await redis().time();
    expect(Number(seconds)).toBeGreaterThan(1_700_000_000);
  });

  it("refuses to read a value as another type", async () => {
    await redis().set("key", "text");
    await expect(redis().hget("key", "f")).rejects.toThrow("WRONGTYPE");
    await expect(redis().sadd("key", "m")).rejects.toThrow("WRONGTYPE");
  });
}

function describeExpiry(redis: () => Redis): void {
  it("tells how long a key lives: -2 missing, -1 for ever, else the rest", async () => {
    await redis().set("ever", 1);
    await redis().set("short", 1, { ex: 60 });
    expect([await redis().ttl("missing"), await redis().pttl("missing"), await redis().ttl("ever")]).toEqual([
      -2, -2, -1,
    ]);
    expect(await redis().ttl("short")).toBe(60);
    expect(await redis().pttl("short")).toBeGreaterThan(50_000);
  });

  it("forgets a key when its time is over", async () => {
    await redis().set("key", 1, { px: 20 });
    expect(await until(() => redis().exists("key"), 0)).toBe(0);
  });

  it("keeps the expiry on INCR and with KEEPTTL, and drops it on a plain SET", async () => {
    await redis().set("key", 1, { ex: 60 });
    await redis().incr("key");
    expect(await redis().ttl("key")).toBe(60);
    await redis().set("key", 5, { keepTtl: true });
    expect(await redis().ttl("key")).toBe(60);
    await redis().set("key", 6);
    expect(await redis().ttl("key")).toBe(-1);
  });

  it("gives an expiry to a key that exists, and removes one that gets none", async () => {
    expect(await redis().expire("missing", 60)).toBe(0);
    await redis().hset("key", { a: 1 });
    expect(await redis().expire("key", 60)).toBe(1);
    expect(await redis().ttl("key")).toBe(60);
    expect(await redis().pexpire("key", 0)).toBe(1);
    expect(await redis().exists("key")).toBe(0);
  });

  it("refuses an expiry that is no positive number", async () => {
    await expect(redis().set("key", 1, { ex: 0 })).rejects.toThrow(
      "ERR invalid expire time in 'set' command",
    );
    await expect(redis().set("key", 1, { px: 1.5 })).rejects.toThrow(
      "ERR value is not an integer or out of range",
    );
  });
}

function describeCollections(redis: () => Redis): void {
  it("keeps fields of a hash, nested objects included", async () => {
    expect(await redis().hset("h", { a: { deep: [1] }, b: "x" })).toBe(2);
    expect(await redis().hset("h", { a: 1, c: 2 })).toBe(1);
    expect(await redis().hgetall("h")).toEqual({ a: 1, b: "x", c: 2 });
    expect(await redis().hget("h", "b")).toBe("x");
    expect(await redis().hmget("h", "a", "missing")).toEqual({ a: 1, missing: null });
    expect(await redis().hgetall("missing")).toBeNull();
  });

  it("counts in a hash and forgets the hash with its last field", async () => {
    expect(await redis().hincrby("h", "n", 5)).toBe(5);
    expect(await redis().hincrby("h", "n", -2)).toBe(3);
    expect(await redis().hdel("h", "n", "missing")).toBe(1);
    expect(await redis().exists("h")).toBe(0);
  });

  it("keeps the members of a set once each and forgets the set with its last member", async () => {
    expect(await redis().sadd("s", "a", "b", "a")).toBe(2);
    expect((await redis().smembers("s")).toSorted()).toEqual(["a", "b"]);
    expect(await redis().sismember("s", "a")).toBe(1);
    expect(await redis().smismember("s", ["a", "z"])).toEqual([1, 0]);
    expect(await redis().srem("s", "a", "b", "z")).toBe(2);
    expect(await redis().exists("s")).toBe(0);
  });

  it("finds keys by pattern", async () => {
    for (const key of ["job:1", "job:2", "job:10", "run:1", "job[1]"]) await redis().set(key, 1);
    const found = async (match: string) => (await redis().scan(0, { match, count: 1000 }))[1].toSorted();
    expect(await found("job:?")).toEqual(["job:1", "job:2"]);
    expect(await found("*:1*")).toEqual(["job:1", "job:10", "run:1"]);
    expect(await found("[j-k]ob:[^2]")).toEqual(["job:1"]);
    expect(await found("job\\[1\\]")).toEqual(["job[1]"]);
  });
}

function describePipelines(redis: () => Redis): void {
  it("answers a pipeline in order and leaves the good items beside a failed one", async () => {
    const pipeline = redis().pipeline().set("a", 1).hget("a", "f").get("a");
    const results = await pipeline.exec({ keepErrors: true });
    expect(results).toMatchObject([
      { result: "OK" },
      { error: expect.stringContaining("WRONGTYPE") },
      { result: 1 },
    ]);
  });

  it("runs a transaction", async () => {
    expect(await redis().multi().set("a", "x").incr("n").get("a").exec()).toEqual(["OK", 1, "x"]);
  });

  it("runs nothing of a transaction that holds a malformed command", async () => {
    const transaction = redis().multi().set("a", 1).del();
    await expect(transaction.exec()).rejects.toThrow("EXECABORT");
    expect(await redis().exists("a")).toBe(0);
  });

  it("answers each of 100 calls in parallel with its own value", async () => {
    const keys = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(keys.map((key) => redis().set(key, key)));
    expect(await Promise.all(keys.map((key) => redis().get(key)))).toEqual(keys);
  });
}
