import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FaultProxy, type ProxyFaults } from "../../chaos/fault-proxy.ts";
import { Random } from "../../chaos/random.ts";
import { waitFor } from "../../harness/wait-for.ts";

let target: Server;
let proxy: FaultProxy;
/** Bodies in the order they arrived. */
let arrived: string[];

beforeEach(async () => {
  arrived = [];
  target = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk) => (body += String(chunk)));
    req.on("end", () => {
      arrived.push(`${req.method} ${req.url} ${body}`);
      res.writeHead(201, { "x-said": "yes" }).end(`echo ${body}`);
    });
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const address = target.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  proxy = await FaultProxy.start("test", () => url, new Random(1));
});
afterEach(async () => {
  await proxy.close();
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
});

const post = (body: string) => fetch(`${proxy.url}/path?q=1`, { method: "POST", body });

async function withFaults(faults: ProxyFaults, body = "one") {
  proxy.faults = faults;
  return post(body).then(
    async (answer) => ({
      status: answer.status,
      said: answer.headers.get("x-said"),
      text: await answer.text(),
    }),
    () => "reset" as const,
  );
}

describe("the fault proxy", () => {
  test("forwards requests without a fault unchanged, both ways", async () => {
    expect(await withFaults({})).toEqual({ status: 201, said: "yes", text: "echo one" });
    expect(arrived).toEqual(["POST /path?q=1 one"]);
    expect(proxy.met).toEqual([]);
  });

  test("drop: the client sees a reset, the target gets nothing", async () => {
    expect(await withFaults({ drop: 1 })).toBe("reset");
    expect(arrived).toEqual([]);
  });

  test("cut: the target has done it, the client sees a reset", async () => {
    expect(await withFaults({ cut: 1 })).toBe("reset");
    expect(arrived).toEqual(["POST /path?q=1 one"]);
  });

  test("refuse: the client gets the status, the target gets nothing", async () => {
    expect(await withFaults({ refuse: { share: 1, statuses: [429] } })).toMatchObject({ status: 429 });
    expect(arrived).toEqual([]);
  });

  test("duplicate: the target gets it twice, the client one answer", async () => {
    expect(await withFaults({ duplicate: 1 })).toMatchObject({ status: 201, text: "echo one" });
    await waitFor("both", () => arrived.length === 2);
  });

  test("reorder: the first request arrives after the second", async () => {
    proxy.faults = { reorder: 1 };
    const first = post("first");
    await waitFor("the first held", () => proxy.met.length === 1);
    proxy.faults = {};
    await Promise.all([first, post("second")]);
    expect(arrived).toEqual(["POST /path?q=1 second", "POST /path?q=1 first"]);
  });

  test("hold: the request arrives although the client has given up", async () => {
    proxy.faults = { slow: { share: 1, minMs: 50, maxMs: 100 } };
    const giveUp = new AbortController();
    const asked = fetch(proxy.url, { method: "POST", body: "late", signal: giveUp.signal }).catch(
      () => "gave up",
    );
    await waitFor("it held", () => proxy.met.length === 1);
    giveUp.abort();
    expect(await asked).toBe("gave up");
    await waitFor("it arrived", () => arrived.length === 1);
  });

  test("resets the client while the target is away, and serves when it is back", async () => {
    const address = target.address();
    const port = typeof address === "object" && address ? address.port : 0;
    target.closeAllConnections();
    await new Promise((resolve) => target.close(resolve));
    expect(await withFaults({})).toBe("reset");
    await new Promise<void>((resolve) => target.listen(port, "127.0.0.1", resolve));
    expect(await withFaults({})).toMatchObject({ status: 201 });
  });

  test("applies the same faults for the same seed, and others for another", async () => {
    const draw = (seed: number) => {
      const random = new Random(seed).fork("sql");
      return Array.from({ length: 50 }, () => random.chance(0.3));
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });
});
