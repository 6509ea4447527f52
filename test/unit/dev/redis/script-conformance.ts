import { createHash } from "node:crypto";
import type { Redis } from "@upstash/redis";
import { expect, it } from "vitest";

const withShebang = "#!lua flags=allow-key-locking\nreturn {KEYS[1], ARGV[1]}";

export function describeScriptConformance(redis: () => Redis): void {
  it("gives a script its keys and arguments", async () => {
    expect(await redis().eval("return {KEYS[1], KEYS[2], ARGV[1], #ARGV}", ["k1", "k2"], ["ü"])).toEqual([
      "k1",
      "k2",
      "ü",
      1,
    ]);
  });

  it("answers NOSCRIPT for a script it does not know", async () => {
    await expect(redis().evalsha("f".repeat(40), [], [])).rejects.toThrow("NOSCRIPT");
  });

  it("loads a script that begins with a shebang line under the SHA-1 of its whole text", async () => {
    const sha = await redis().scriptLoad(withShebang);
    expect(sha).toBe(createHash("sha1").update(withShebang).digest("hex"));
    expect(await redis().evalsha(sha, ["k"], ["a"])).toEqual(["k", "a"]);
  });

  it("runs a script with a shebang line and knows it by its SHA-1 from then on", async () => {
    const text = `${withShebang} -- run first`;
    expect(await redis().eval(text, ["k"], ["a"])).toEqual(["k", "a"]);
    const sha = createHash("sha1").update(text).digest("hex");
    expect(await redis().evalsha(sha, ["k"], ["b"])).toEqual(["k", "b"]);
  });

  it("runs the client's own script object", async () => {
    const script = redis().createScript<number>("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    expect([await script.exec(["n"], ["2"]), await script.exec(["n"], ["3"])]).toEqual([2, 5]);
  });

  it("converts what a script returns as Redis does", async () => {
    const text = `
      redis.call('SET', KEYS[1], 'v')
      return {1, 3.99, -3.99, 'text', true, false, redis.call('GET', 'missing'), redis.call('GET', KEYS[1]),
        {1, {2}}, redis.call('SET', KEYS[1], 'w'), #redis.call('HGETALL', 'none'), nil, 'never'}`;
    expect(await redis().eval(text, ["key"], [])).toEqual([
      1,
      3,
      -3,
      "text",
      1,
      null,
      null,
      "v",
      [1, [2]],
      "OK",
      0,
    ]);
  });

  it("hands a failed command to the script that asked with pcall, and ends the one that asked with call", async () => {
    await redis().set("key", "text");
    const caught = "local r = redis.pcall('HGET', KEYS[1], 'f') return string.sub(r.err, 1, 9)";
    expect(await redis().eval(caught, ["key"], [])).toBe("WRONGTYPE");
    await expect(redis().eval("redis.call('HGET', KEYS[1], 'f') return 1", ["key"], [])).rejects.toThrow(
      "WRONGTYPE",
    );
  });

  it("answers the error a script returns, raises or does not compile with", async () => {
    await expect(redis().eval("return redis.error_reply('MY problem')", [], [])).rejects.toThrow(
      "MY problem",
    );
    await expect(redis().eval("error('raised')", [], [])).rejects.toThrow("raised");
    await expect(redis().eval("return +", [], [])).rejects.toThrow("ERR Error compiling script");
    expect(await redis().eval("return redis.status_reply('FINE')", [], [])).toBe("FINE");
  });

  it("refuses more keys than arguments", async () => {
    const answer = redis().exec(["EVAL", "return 1", "3", "a"]);
    await expect(answer).rejects.toThrow("ERR Number of keys can't be greater than number of args");
  });

  it("keeps times in milliseconds exact through a script", async () => {
    const nowMs = 1_790_000_000_123;
    const text =
      "redis.call('HSET', KEYS[1], 'at', tonumber(ARGV[1]) + 1) return tonumber(redis.call('HGET', KEYS[1], 'at'))";
    expect(await redis().eval(text, ["h"], [nowMs])).toBe(nowMs + 1);
  });
}
