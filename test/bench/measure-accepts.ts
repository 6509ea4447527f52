import { randomUUID } from "node:crypto";
import { fleetRequest } from "../../dev/demo/fleet-request.ts";
import { call, createLocation, type Access } from "../harness/fleet.ts";
import { startStack } from "../harness/stack.ts";
import { BenchParts } from "./bench-parts.ts";
import { startCountingProxy, type CountingProxy } from "./counting-proxy.ts";
import { engineCounters } from "./engine-counters.ts";

/** One accept and every request it caused. */
export interface Accept {
  chargers: number;
  status: number;
  acceptMs: number;
  sqlRequests: number;
  engineRequests: number;
  /** Of those the publishes. */
  publishes: number;
  redisRequests: number;
}

const ATTEMPTS_MAX = 5;
/** The rate limiter exchanges once a second: after this long it is due, so that the count includes it. */
const LIMITER_DUE_MS = 1_200;
/** Tables of the sweeper, which runs each minute, and of the cached principal, refreshed behind a request every 5 s. */
const BESIDE_AN_ACCEPT = /\b(task_locks|api_keys)\b/;

interface Proxies {
  sql: CountingProxy;
  redis: CountingProxy;
  engine: CountingProxy;
}

/**
 * Accepts of every size on one stack whose stores and engine are behind counting proxies. The engine takes publishes
 * and delivers nothing: what passes belongs to the accept.
 */
export async function measureAccepts(sizes: number[], accepts: number): Promise<Accept[]> {
  const parts = new BenchParts();
  const proxies: CountingProxy[] = [];
  const between = async (target: Promise<string>) => {
    const proxy = await startCountingProxy(await target);
    proxies.push(proxy);
    return proxy;
  };
  try {
    const engineUrl = parts.engine();
    const [sql, redis, engine] = await Promise.all([
      between(parts.sql()),
      between(parts.redis()),
      between(engineUrl),
    ]);
    await engineCounters(await engineUrl, parts.engineToken).stall();
    const stack = await startStack({
      env: {
        ...parts.variables(redis.url, engine.url),
        DATABASE_URL: "postgresql://postgres:postgres@local.db/postgres",
        NEON_FETCH_ENDPOINT: `${sql.url}/sql`,
      },
    });
    try {
      return await acceptAll(stack, { sql, redis, engine }, sizes, accepts);
    } finally {
      await stack.stop();
    }
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await parts.stop();
  }
}

async function acceptAll(access: Access, proxies: Proxies, sizes: number[], accepts: number) {
  const measured: Accept[] = [];
  await measureAccept(access, proxies, 1);
  for (const chargers of sizes) {
    for (let at = 0; at < accepts; at += 1) measured.push(await measureAccept(access, proxies, chargers));
  }
  return measured;
}

/** Repeated when the sweeper or a refresh ran meanwhile: the count is that of an accept with a warm cache alone. */
async function measureAccept(access: Access, proxies: Proxies, chargers: number): Promise<Accept> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const accept = await tryAccept(access, proxies, chargers);
    if (accept !== null) return accept;
  }
  throw new Error("no accept was alone");
}

async function tryAccept(access: Access, proxies: Proxies, chargers: number): Promise<Accept | null> {
  const all = Object.values(proxies) as CountingProxy[];
  const locationId = await createLocation(access);
  const request = fleetRequest(chargers, "simulated");
  await Promise.all([...all.map((proxy) => proxy.quiet()), proxies.redis.quiet(LIMITER_DUE_MS)]);
  for (const proxy of all) proxy.passed.length = 0;
  const startedAtMs = performance.now();
  const answer = await call(access, "POST", `/ocpp/locations/${locationId}/chargers`, request, {
    "idempotency-key": randomUUID(),
  });
  const acceptMs = performance.now() - startedAtMs;
  // Whatever the accept left to do behind its answer is counted too.
  await Promise.all(all.map((proxy) => proxy.quiet()));
  const { sql, redis, engine } = proxies;
  if (sql.passed.some(({ body }) => BESIDE_AN_ACCEPT.test(body))) return null;
  return {
    chargers,
    status: answer.status,
    acceptMs,
    sqlRequests: sql.passed.length,
    engineRequests: engine.passed.length,
    publishes: engine.passed.filter(({ method, path }) => isPublish(method, path)).length,
    redisRequests: redis.passed.length,
  };
}

function isPublish(method: string, path: string): boolean {
  return method === "POST" && /^\/v2\/(batch|publish\/)/.test(path);
}
