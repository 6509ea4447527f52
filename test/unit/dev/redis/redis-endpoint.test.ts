import { Redis } from "@upstash/redis";
import { Ratelimit } from "@upstash/ratelimit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../../../dev/redis/start-redis.ts";
import type { RedisServer } from "../../../../dev/redis/start-redis.ts";

const token = "local-token";
const MEBIBYTE = 1024 * 1024;

let nowMs = 1_790_000_000_000;
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis({ port: 0, token, now: () => nowMs });
  redis = new Redis({ url: server.url, token });
});
afterAll(() => server?.close());
beforeEach(() => server.flush());

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const answer = await fetch(server.url + path, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

describe("requests", () => {
  it.each(["/", "/pipeline", "/multi-exec", "/subscribe/news", "/anything"])(
    "answers 401 on %s without the token",
    async (path) => {
      const answer = await post(path, `["PING"]`, { authorization: "Bearer other" });
      expect(answer).toEqual({ status: 401, body: { error: "WRONGPASS invalid or missing auth token" } });
    },
  );

  it.each([
    ["/", "", 400],
    ["/", "[]", 400],
    ["/", `{"a":1}`, 400],
    ["/pipeline", `["PING"]`, 400],
    ["/multi-exec", `[["PING"],[]]`, 400],
    ["/get/key", "", 404],
  ])("answers %s with the body %j by status %i", async (path, body, status) => {
    expect((await post(path, body)).status).toBe(status);
  });

  it("refuses a body over 10 MiB", async () => {
    expect((await post("/", JSON.stringify(["SET", "k", "x".repeat(10 * MEBIBYTE)]))).status).toBe(413);
  });

  it("refuses a page in a browser, which names its origin", async () => {
    expect((await post("/", `["PING"]`, { origin: "http://example.com" })).status).toBe(403);
  });

  it("says that it is healthy to anybody", async () => {
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it("turns numbers, objects and null among the arguments into text", async () => {
    await post("/pipeline", `[["SET","n",1.5],["SET","o",{"a":1}],["SET","z",null],["SET","t",true]]`);
    expect((await post("/", `["MGET","n","o","z","t"]`)).body).toEqual({
      result: ["1.5", `{"a":1}`, "null", "true"],
    });
  });

  it("encodes strings in base64 only when it is asked to", async () => {
    await post("/", `["SET","k","test"]`);
    expect((await post("/", `["GET","k"]`)).body).toEqual({ result: "test" });
    expect((await post("/", `["GET","k"]`, { "upstash-encoding": "base64" })).body).toEqual({
      result: "dGVzdA==",
    });
  });
});

describe("commands that are not there", () => {
  it("answers an unknown command with its name", async () => {
    const answer = await post("/", `["xadd","s","*","f","v"]`);
    expect(answer).toEqual({ status: 400, body: { error: "ERR unknown command 'xadd'" } });
  });

  it("says so to a script as well", async () => {
    await expect(redis.eval("return redis.call('ZADD', 'z', 1, 'm')", [], [])).rejects.toThrow(
      "ERR unknown command 'ZADD'",
    );
  });

  it.each([
    [["GET"], "ERR wrong number of arguments for 'get' command"],
    [["GET", "a", "b"], "ERR wrong number of arguments for 'get' command"],
    [["HSET", "h", "f"], "ERR wrong number of arguments for 'hset' command"],
    [["HSET", "h", "f", "v", "g"], "ERR wrong number of arguments for 'hset' command"],
    [["SET", "k", "v", "NX", "XX"], "ERR syntax error"],
    [["SET", "k", "v", "EX"], "ERR syntax error"],
    [["SET", "k", "v", "KEEPTTL", "PX", "5"], "ERR syntax error"],
    [["SCAN", "0", "TYPE", "hash"], "ERR syntax error"],
    [["INCRBY", "k", "9007199254740993"], "ERR value is not an integer or out of range"],
    [["EXPIRE", "k", "soon"], "ERR value is not an integer or out of range"],
  ])("refuses %j", async (words, error) => {
    expect((await post("/", JSON.stringify(words))).body).toEqual({ error });
  });

  it("refuses to count beyond what a number holds exactly", async () => {
    await redis.set("n", Number.MAX_SAFE_INTEGER);
    await expect(redis.incr("n")).rejects.toThrow("would overflow");
  });
});

describe("the injected clock", () => {
  it("decides when a key is gone, to the millisecond", async () => {
    await redis.set("key", "v", { px: 1000 });
    nowMs += 999;
    expect([await redis.get("key"), await redis.pttl("key")]).toEqual(["v", 1]);
    nowMs += 1;
    expect([await redis.get("key"), await redis.pttl("key"), await redis.dbsize()]).toEqual([null, -2, 0]);
  });

  it("is what TIME tells", async () => {
    nowMs = 1_790_000_000_250;
    expect((await redis.time()).map(Number)).toEqual([1_790_000_000, 250_000]);
  });

  it("starts a new window of a rate limit when the counter of the old one has expired", async () => {
    const limiter = Ratelimit.fixedWindow(1, "1000 d");
    const ratelimit = new Ratelimit({ redis, limiter, prefix: "window", ephemeralCache: false });
    expect([(await ratelimit.limit("c")).success, (await ratelimit.limit("c")).success]).toEqual([
      true,
      false,
    ]);
    nowMs += 1000 * 86_400_000 - 1;
    expect((await ratelimit.limit("c")).success).toBe(false);
    nowMs += 1;
    expect((await ratelimit.limit("c")).success).toBe(true);
  });
});

it("keeps windows of up to twelve days, the longest whose arithmetic in scripts fits 32 bits", async () => {
  const ratelimit = new Ratelimit({
    redis,
    limiter: Ratelimit.slidingWindow(9, "12 d"),
    ephemeralCache: false,
  });
  await ratelimit.limit("c");
  const [, [key]] = await redis.scan(0, { match: "*" });
  expect(await redis.ttl(key ?? "")).toBe(2 * 12 * 86_400 + 1);
});

it("stops a script at an operating system's door: no files, no modules", async () => {
  for (const name of ["io", "os", "require", "loadfile", "dofile", "debug", "package"]) {
    expect(await redis.eval(`return type(${name})`, [], [])).toBe("nil");
  }
});
