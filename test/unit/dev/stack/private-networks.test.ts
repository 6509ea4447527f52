import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { announcesSockets } from "../../../../dev/stack/announcements.ts";
import { Part } from "../../../../dev/stack/part.ts";
import { PortClaims } from "../../../../dev/stack/port-claims.ts";
import { tool } from "../../../../dev/stack/project.ts";
import { privateOrigins } from "../../../../dev/stack/wiring.ts";
import { WORKER_SOCKETS, workerConfig } from "../../../../dev/stack/worker-config.ts";
import { stackEnvironment } from "../../../harness/stack.ts";
import { temporaryDirectory } from "../../../harness/temporary-directory.ts";

/** Opens what it is told to, as a simulated station does with its `ws_url`. */
const OPENER = `export default {
  async fetch(request) {
    const { url, upgrade } = await request.json();
    try {
      const answer = await fetch(url, { redirect: "manual", headers: upgrade ? { Upgrade: "websocket" } : {} });
      answer.webSocket?.accept();
      answer.webSocket?.close();
      return new Response(String(answer.status));
    } catch {
      return new Response("refused");
    }
  },
};`;

const cleanUps: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A service inside: what it was asked for, and where it is. */
let inside: { origin: string; asked: number };
beforeEach(async () => {
  const server = createServer((_request, response) => {
    inside.asked += 1;
    response.end();
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", () => (inside.asked += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  inside = { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: 0 };
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
});

async function startOpener(origins: string[] | undefined) {
  const directory = temporaryDirectory();
  cleanUps.push(() => directory.remove());
  const claims = new PortClaims();
  cleanUps.push(() => claims.release());
  const [port, schedulerPort] = [await claims.takeFree(), await claims.takeFree()];
  const at = (name: string) => join(directory.path, name);
  for (const name of ["bundle", "objects", "assets"]) mkdirSync(at(name));
  writeFileSync(at("bundle/index.js"), OPENER);
  const configuration = workerConfig({
    manifest: {
      compatibilityDate: "2025-10-01",
      compatibilityFlags: [],
      assetsBinding: null,
      crons: [],
      durableObjects: [],
    },
    bundleDirectory: at("bundle"),
    configDirectory: directory.path,
    storageDirectory: at("objects"),
    assetsDirectory: at("assets"),
    port,
    schedulerPort,
    variables: [],
    ...(origins && { privateOrigins: origins }),
  });
  writeFileSync(at("workerd.capnp"), configuration);
  const part = new Part(
    {
      name: "opener",
      command: tool("workerd"),
      args: ["serve", "--experimental", "--control-fd=3", at("workerd.capnp")],
      env: stackEnvironment(),
      announcement: announcesSockets(WORKER_SOCKETS),
      stopPatienceMs: 1_500,
    },
    { spawned: () => {}, line: () => {}, note: () => {}, gaveUp: () => {} },
  );
  cleanUps.push(() => part.stop());
  await part.start();
  return async (url: string, upgrade = false) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      body: JSON.stringify({ url, upgrade }),
    });
    return answer.text();
  };
}

describe("the local runtime", () => {
  it("reaches private networks where the flag allows them", async () => {
    const open = await startOpener(privateOrigins({ ALLOW_PRIVATE_TARGETS: "true" }));
    expect([await open(inside.origin), await open(inside.origin, true)]).toEqual(["200", "101"]);
  });

  it("reaches private networks without the flag only at our own services, by address or by name", async () => {
    const ours = privateOrigins({ ALLOW_PRIVATE_TARGETS: "false", QSTASH_URL: `${inside.origin}/path` });
    const open = await startOpener(ours);
    expect([await open(inside.origin), await open(inside.origin, true)]).toEqual(["200", "refused"]);
    expect(inside.asked).toBe(1);
    const { port } = new URL(inside.origin);
    // A name is resolved by the runtime: what it resolves to is what counts.
    expect(await open(`http://localhost:${port}`)).toBe("refused");
    expect(await open(`http://[::ffff:127.0.0.1]:${port}`)).toBe("refused");
    expect(inside.asked).toBe(1);
  });

  it("takes only the configured addresses of our services as ours", () => {
    const variables = {
      ALLOW_PRIVATE_TARGETS: "0",
      NEON_FETCH_ENDPOINT: "http://10.0.0.5:4444/sql",
      UPSTASH_REDIS_REST_URL: "http://redis.inside:8079",
      PUBLIC_BASE_URL: "http://127.0.0.1:8787",
    };
    expect(privateOrigins(variables)).toEqual(["http://10.0.0.5:4444", "http://redis.inside:8079"]);
    expect(privateOrigins({ ...variables, ALLOW_PRIVATE_TARGETS: "1" })).toBeUndefined();
  });
});
