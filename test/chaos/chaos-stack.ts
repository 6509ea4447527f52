import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isAlive, type ProcessIdentity } from "../../dev/stack/process-identity.ts";
import { startStack, type PartName, type RunningStack } from "../harness/stack.ts";
import { FaultProxy, type Met } from "./fault-proxy.ts";
import type { Random } from "./random.ts";

/** Ways between the parts: Worker to SQL, Redis and engine, engine to step endpoint, client to API. */
export const WAYS = ["sql", "redis", "engine", "steps", "api"] as const;
export type Way = (typeof WAYS)[number];

const secrets = z.object({ JWT_SECRET: z.string(), QSTASH_TOKEN: z.string() });

/** A stack whose parts reach each other through proxies, and whose processes can be killed and stopped. */
export interface ChaosStack {
  running: RunningStack;
  proxies: Record<Way, FaultProxy>;
  /** The Worker without a proxy in front. */
  workerUrl: string;
  /** Where clients reach the Worker. */
  apiUrl: string;
  secrets: z.infer<typeof secrets>;
  /** Everything the proxies broke so far. */
  met(): Met[];
  signal(part: PartName, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** kill -9 on the engine, which begins again with nothing. */
  emptyEngine(): void;
  /** Ends every fault: proxies pass everything, stopped processes run. */
  heal(): void;
  stop(): Promise<void>;
}

export async function startChaosStack(
  dataDirectory: string,
  random: Random,
  env: Record<string, string> = {},
): Promise<ChaosStack> {
  const addresses = new Map<Way, string>();
  let running: RunningStack | undefined;
  const start = (way: Way, part: PartName) =>
    FaultProxy.start(way, () => addresses.get(way) ?? addressOf(dataDirectory, part), random.fork(way));
  const [sql, redis, engine, steps, api] = await Promise.all([
    start("sql", "sql"),
    start("redis", "redis"),
    start("engine", "engine"),
    start("steps", "worker"),
    start("api", "worker"),
  ]);
  const proxies = { sql, redis, engine, steps, api };
  const closeAll = () => Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
  try {
    running = await startStack({
      dataDirectory,
      env: {
        BUSBAR_VIA_SQL: sql.url,
        BUSBAR_VIA_REDIS: redis.url,
        BUSBAR_VIA_ENGINE: engine.url,
        PUBLIC_BASE_URL: steps.url,
        BUSBAR_ENGINE_HOOKS: "1",
        ...env,
      },
    });
  } catch (error) {
    await closeAll();
    throw error;
  }
  const parts = { sql: "sql", redis: "redis", engine: "engine", steps: "worker", api: "worker" } as const;
  for (const way of WAYS) addresses.set(way, running.address(parts[way]));
  const processes = new Processes(running);
  const stack = running;
  return {
    running: stack,
    proxies,
    workerUrl: stack.address("worker"),
    apiUrl: api.url,
    secrets: secrets.parse(JSON.parse(readFileSync(join(dataDirectory, "secrets.json"), "utf8"))),
    met: () => Object.values(proxies).flatMap(({ met }) => met),
    signal: (part, signal) => processes.signal(part, signal),
    emptyEngine: () => {
      processes.signal("engine", "SIGKILL");
      for (const file of readdirSync(dataDirectory).filter((name) => name.startsWith("engine.sqlite")))
        rmSync(join(dataDirectory, file), { force: true });
    },
    heal: () => {
      for (const proxy of Object.values(proxies)) proxy.faults = {};
      processes.wakeAll();
    },
    stop: async () => {
      processes.wakeAll();
      await stack.stop();
      await closeAll();
    },
  };
}

const addressBook = z.object({ addresses: z.record(z.string(), z.string()) });

/** Before the stack is ready. @throws while the part has no address yet */
function addressOf(dataDirectory: string, part: PartName): string {
  const { addresses } = addressBook.parse(
    JSON.parse(readFileSync(join(dataDirectory, "stack.json"), "utf8")),
  );
  const address = addresses[part];
  if (address === undefined) throw new Error(`the stack has no address of ${part} yet`);
  return address;
}

/** Remembers which processes are stopped, so that none stays so. */
class Processes {
  readonly #running: RunningStack;
  readonly #asleep: ProcessIdentity[] = [];

  constructor(running: RunningStack) {
    this.#running = running;
  }

  signal(part: PartName, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    if (signal === "SIGCONT") return this.wakeAll(this.#running.part(part).pid);
    const process_ = this.#running.part(part);
    if (!isAlive(process_)) return;
    if (signal === "SIGSTOP") this.#asleep.push(process_);
    process.kill(process_.pid, signal);
  }

  wakeAll(pid?: number): void {
    for (const process_ of this.#asleep.filter((one) => pid === undefined || one.pid === pid))
      if (isAlive(process_)) process.kill(process_.pid, "SIGCONT");
    if (pid === undefined) this.#asleep.length = 0;
  }
}
