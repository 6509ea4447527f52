import { stepRoutes } from "../workflows/index.ts";
import { STEPS } from "../workflows/paths.ts";
import { handleUpgrade } from "./api/socket.ts";
import { UpgradeBudget } from "./api/upgrade-budget.ts";
import { LIVE_PATH } from "./api/http/live-ticket.ts";
import { createApp } from "./app.ts";
import { ChargePointSession as Session } from "./durable/session/charge-point-session.ts";
import { EventsLive as Live } from "./durable/live/events-live.ts";
import { SimulatorHost as Host } from "./durable/host/simulator-host.ts";
import { TagRegistry as Registry } from "./durable/tag-registry.ts";
import { TransactionIds as Ids } from "./durable/transaction-ids.ts";
import { Misconfigured, readEnv, type RawEnv } from "./env.ts";
import { sweep } from "./fleet/sweep.ts";
import type { SessionRef } from "./ports.ts";
import { delay } from "./within.ts";
import { wire } from "./wiring.ts";

/** Under the class name that wrangler.toml and stored objects have. */
export { PreparedSessionStore as SessionShelf } from "./durable/prepared/prepared-session-store.ts";

/** The objects are made by the runtime: their services are handed in here. */
export class ChargePointSession extends Session {
  constructor(ctx: DurableObjectState, env: RawEnv) {
    super(ctx, env, wire);
  }
}

export class SimulatorHost extends Host {
  constructor(ctx: DurableObjectState, env: RawEnv) {
    super(ctx, env, wire);
  }
}

export class TransactionIds extends Ids {
  constructor(ctx: DurableObjectState, env: RawEnv) {
    super(ctx, env, wire);
  }
}

export class TagRegistry extends Registry {
  constructor(ctx: DurableObjectState, env: RawEnv) {
    super(ctx, env, wire);
  }
}

export class EventsLive extends Live {
  constructor(ctx: DurableObjectState, env: RawEnv) {
    super(ctx, env, wire);
  }
}

const app = createApp({
  services: (raw) => {
    const env = readEnv(raw);
    return { ports: wire(env), config: env };
  },
});

let steps: ReturnType<typeof stepRoutes> | undefined;

function serveStep(request: Request, raw: RawEnv, ctx: ExecutionContext): Response | Promise<Response> {
  try {
    const env = readEnv(raw);
    steps ??= stepRoutes(wire(env), env);
  } catch (error) {
    if (!(error instanceof Misconfigured)) throw error;
    console.error(JSON.stringify({ event: "misconfigured", variables: error.variables }));
    return new Response(null, { status: 503, headers: { "retry-after": "5" } });
  }
  return steps.fetch(request, raw, ctx);
}

/**
 * Whether a request is a workflow step. A text search, because most requests are not and their URL is parsed later.
 */
function isStep(url: string): boolean {
  return url.includes(STEPS) && new URL(url).pathname.startsWith(STEPS);
}

function isLiveLine(url: string): boolean {
  return new URL(url).pathname === LIVE_PATH;
}

const budget = new UpgradeBudget();

function serveUpgrade(request: Request, raw: RawEnv, ctx: ExecutionContext): Promise<Response> {
  const env = readEnv(raw);
  const { sessions, rateCounter: counter } = wire(env);
  const background = (work: Promise<unknown>) => ctx.waitUntil(work);
  const adopt = (ref: SessionRef) => sessions.adopt(ref);
  return handleUpgrade(request, env, { adopt, counter, background, budget, pause: delay });
}

export default {
  fetch(request, raw, ctx) {
    const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    // The upgrade of a live line is a request of the API, with its checks.
    if (isUpgrade && !isLiveLine(request.url)) return serveUpgrade(request, raw, ctx);
    if (isStep(request.url)) return serveStep(request, raw, ctx);
    return app.fetch(request, raw, ctx);
  },

  async scheduled(_controller, raw) {
    const { jobs, effects } = await sweep(wire(readEnv(raw)));
    if (jobs.length + effects.length > 0)
      console.warn(JSON.stringify({ event: "sweep.republished", jobs, effects }));
  },
} satisfies ExportedHandler<RawEnv>;
