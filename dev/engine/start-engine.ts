import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { createApiServer } from "./api-server.ts";
import { type Clock, MovableClock, wallClock } from "./clock.ts";
import { ConfigTable } from "./config-table.ts";
import { Database, explained } from "./database.ts";
import { DeadLetterTable } from "./dead-letter-table.ts";
import { DedupTable } from "./dedup-table.ts";
import { deliver } from "./deliver.ts";
import type { Engine } from "./engine.ts";
import { EngineStats, type StatsSnapshot } from "./engine-stats.ts";
import { noFaults } from "./faults.ts";
import { MessageTable } from "./message-table.ts";
import { planLimits, type PlanName } from "./plan-limits.ts";
import { prune } from "./prune.ts";
import { rebaseOrigins, type Rebase } from "./rebase-origins.ts";
import { RunTable, type DedupMode } from "./run-table.ts";
import { Scheduler } from "./scheduler.ts";
import { createSender } from "./send-request.ts";
import { readStats, storedMoveMs } from "./test-hooks.ts";

export interface EngineOptions {
  /** 0 = any free port on 127.0.0.1. */
  port: number;
  /** SQLite file, or ":memory:". */
  dataFile: string;
  token: string;
  currentKey: string;
  nextKey: string;
  /** Default "payg". */
  plan?: PlanName;
  /** Multiplies every wait the engine computes; 0 < x ≤ 1, default 1. */
  timeScale?: number;
  clock?: Clock;
  /** Origins messages may go to; default: loopback. */
  allowedOrigins?: string[];
  /** Rewrites the origin of stored URLs before anything is delivered. */
  rebase?: Rebase;
  /** "retained" (default): an id is taken while its run is stored; "live": while it is running. */
  dedup?: DedupMode;
  /** Longer histories are fetched by the SDK instead of sent; default 256 KiB. */
  lazyBytes?: number;
  /** Default 60 s per delivery. */
  timeoutMs?: number;
  /** Opens `/_test/…`; default false. */
  hooks?: boolean;
}

export interface RunningEngine {
  url: string;
  stats(): StatsSnapshot;
  /** Stops claiming, waits at most 5 s for deliveries in flight and closes the file. */
  close(): Promise<void>;
}

const loopbackHosts = ["127.0.0.1", "localhost", "[::1]"];
const drainMs = 5000;
const pruneEveryMs = 600_000;

/** Starts a QStash-compatible engine on loopback. Rejects when the file is locked or unknown. */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const engine = assembleOrExplain(options);
  const server = createApiServer(engine);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  }).catch((err: unknown) => {
    engine.db.close();
    throw err;
  });
  engine.scheduler.start((pending) => deliver(engine, pending));
  prune(engine);
  const pruning = setInterval(() => prune(engine), pruneEveryMs);
  pruning.unref();
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  let closing: Promise<void> | undefined;
  const close = () => {
    clearInterval(pruning);
    return (closing ??= shutDown(engine, server));
  };
  return { url: `http://127.0.0.1:${port}`, stats: () => readStats(engine), close };
}

async function shutDown(engine: Engine, server: Server): Promise<void> {
  // Deliveries in flight publish their results by the API, so it stays open until they are done.
  await engine.scheduler.stop(drainMs);
  engine.messages.flushDelivered();
  engine.isClosed = true;
  engine.sender.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  engine.db.close();
}

/** Reading stored messages may also find the file damaged. */
function assembleOrExplain(options: EngineOptions): Engine {
  try {
    return assemble(options);
  } catch (err) {
    throw explained(err, options.dataFile);
  }
}

function assemble(options: EngineOptions): Engine {
  const { timeScale = 1, token, currentKey, nextKey } = options;
  const limits = planLimits[options.plan ?? "payg"];
  const db = new Database(options.dataFile);
  const clock = new MovableClock(options.clock ?? wallClock, storedMoveMs(db));
  const configs = new ConfigTable(db);
  if (options.rebase) rebaseOrigins(db, configs, options.rebase);
  const scheduler = new Scheduler(clock, limits.parallelismMax, timeScale);
  const messages = new MessageTable(db, configs, scheduler, clock, randomBytes(6).toString("hex"));
  messages.scheduleStored();
  return {
    db,
    configs,
    messages,
    scheduler,
    runs: new RunTable(db, configs, messages, clock, options.dedup ?? "retained"),
    deadLetters: new DeadLetterTable(db, clock),
    dedup: new DedupTable(db, clock),
    sender: createSender(),
    clock,
    stats: new EngineStats(),
    token,
    keys: { currentKey, nextKey },
    limits,
    timeScale,
    lazyBytes: options.lazyBytes ?? 256 * 1024,
    timeoutMs: options.timeoutMs ?? 60_000,
    hasHooks: options.hooks ?? false,
    isAllowed: destinationRule(options.allowedOrigins),
    faults: noFaults(),
    deliveryCount: 0,
    firstTokens: new Map(),
    isClosed: false,
  };
}

/** Whether messages may be sent to a URL: the given origins only, or loopback only when none are given. */
function destinationRule(allowedOrigins: string[] | undefined): (url: string) => boolean {
  return (url) => {
    if (!URL.canParse(url)) return false;
    const { protocol, hostname, origin } = new URL(url);
    if (protocol !== "http:" && protocol !== "https:") return false;
    return allowedOrigins ? allowedOrigins.includes(origin) : loopbackHosts.includes(hostname);
  };
}
