import { afterAll, expect, it } from "vitest";
import { connectRedis } from "../../../../src/cache/redis.ts";
import { spawnPart } from "../../../harness/child-part.ts";
import type { ChildPart } from "../../../harness/child-part.ts";

const token = "s3cret-token";
const started: ChildPart[] = [];

afterAll(async () => {
  for (const part of started) part.process.kill("SIGKILL");
  await Promise.all(started.map((part) => part.exited));
});

function start(config: object = {}): ChildPart {
  const part = spawnPart("redis", { port: 0, token, ...config });
  started.push(part);
  return part;
}

const connected = (url: string) =>
  connectRedis({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token });

it("serves from the moment it announces its address until its parent closes the pipe", async () => {
  const part = start();
  expect(await connected(await part.url).set("key", "value")).toBe("OK");
  part.process.stdin?.end();
  expect(await part.exited).toEqual({ code: 0, signal: null });
});

it.each(["SIGTERM", "SIGINT"] as const)(
  "ends cleanly on %s and logs neither token nor values",
  async (signal) => {
    const part = start();
    const url = await part.url;
    await connected(url).set("key", "s3cret-value");
    await fetch(url, { method: "POST", body: "s3cret-body", headers: { authorization: `Bearer ${token}` } });
    part.process.kill(signal);
    expect(await part.exited).toEqual({ code: 0, signal: null });
    expect(part.log()).toBe("");
  },
);

it("says in one line that its port is taken", async () => {
  const port = Number(new URL(await start().url).port);
  const second = start({ port });
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.log()).toBe(`port ${port} is taken\n`);
});

it("says in one line that the Redis server cannot be reached, without the password of its address", async () => {
  const part = start({ redisUrl: "redis://someone:s3cret-passw0rd@127.0.0.1:1" });
  expect(await part.exited).toEqual({ code: 1, signal: null });
  expect(part.log()).toBe("connect ECONNREFUSED 127.0.0.1:1\n");
});
