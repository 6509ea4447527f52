import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startRedis, type RedisServer } from "../../../../dev/redis/start-redis.ts";
import { rateCounter } from "../../../../src/cache/rate-counter.ts";
import { connectRedis } from "../../../../src/cache/redis.ts";
import { replayMarks } from "../../../../src/cache/replay-marks.ts";

const token = "local-token";
const MEBIBYTE = 1024 * 1024;

let nowMs = 1_790_000_000_000;
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({ port: 0, token, now: () => nowMs });
});
afterAll(() => server?.close());
afterEach(() => vi.restoreAllMocks());

const connected = () => connectRedis({ UPSTASH_REDIS_REST_URL: server.url, UPSTASH_REDIS_REST_TOKEN: token });

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const answer = await fetch(server.url + path, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
}

describe("requests", () => {
  it.each(["/", "/pipeline", "/anything"])("answers 401 on %s without the token", async (path) => {
    const answer = await post(path, `["DEL","k"]`, { authorization: "Bearer other" });
    expect(answer).toEqual({ status: 401, body: { error: "WRONGPASS invalid or missing auth token" } });
  });

  it.each([
    ["/", "", 400],
    ["/", "[]", 400],
    ["/", `{"a":1}`, 400],
    ["/get/key", "", 404],
  ])("answers %s with the body %j by status %i", async (path, body, status) => {
    expect((await post(path, body)).status).toBe(status);
  });

  it("tells a client that sends pipelines to switch them off", async () => {
    expect(await post("/pipeline", `[["DEL","k"]]`)).toEqual({
      status: 404,
      body: { error: "ERR only single commands are served, by POST /; switch off auto-pipelining" },
    });
  });

  it("refuses a body over 10 MiB", async () => {
    expect((await post("/", JSON.stringify(["SET", "k", "x".repeat(10 * MEBIBYTE)]))).status).toBe(413);
  });

  it("refuses requests from web pages, which have an Origin header", async () => {
    expect((await post("/", `["DEL","k"]`, { origin: "http://example.com" })).status).toBe(403);
  });
});

it("is sent nothing but what the embedded engine knows: SET, DEL, the fixed window and PING", async () => {
  const sent: unknown[] = [];
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    sent.push([String(url), (JSON.parse(String(init?.body)) as string[])[0]]);
    return real(url, init);
  });
  const marks = replayMarks(connected());
  expect(await marks.begin("delivery", 60)).toBe("new");
  await marks.forget("delivery");
  expect(await rateCounter(connected()).add("client", 1, 5, 60)).not.toBeNull();
  // As the readiness probe of src/wiring.ts does.
  expect(await connected().ping()).toBe("PONG");
  expect(sent).toEqual([
    [server.url, "set"],
    [server.url, "del"],
    [server.url, "evalsha"],
    [server.url, "ping"],
  ]);
});

it("says that it runs no other script", async () => {
  await expect(connected().eval("return 1", [], [])).rejects.toThrow("knows no script but the fixed window");
});

describe("the injected clock", () => {
  it("expires a mark to the millisecond", async () => {
    const redis = connected();
    const mark = () => redis.set("mark", "started", { nx: true, ex: 1 });
    expect(await mark()).toBe("OK");
    nowMs += 999;
    expect(await mark()).toBeNull();
    nowMs += 1;
    expect(await mark()).toBe("OK");
  });

  it("ends a window of requests, however long", async () => {
    vi.spyOn(Date, "now").mockImplementation(() => nowMs);
    const counter = rateCounter(connected());
    const windowSeconds = 1000 * 86_400;
    nowMs = Math.ceil(nowMs / (windowSeconds * 1000)) * windowSeconds * 1000;
    const used = async () => (await counter.add("client", 1, 100, windowSeconds))?.used;
    expect([await used(), await used()]).toEqual([1, 2]);
    nowMs += windowSeconds * 1000 - 1;
    expect(await used()).toBe(3);
    nowMs += 1;
    expect(await used()).toBe(1);
  });
});
