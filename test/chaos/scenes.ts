import { setTimeout as delay } from "node:timers/promises";
import type { PartName } from "../harness/stack.ts";
import type { ChaosStack, Way } from "./chaos-stack.ts";
import type { ProxyFaults } from "./fault-proxy.ts";
import type { Random } from "./random.ts";

/** One fault for a while. `row`: of the fault matrix in docs/reliability.md. */
export interface Scene {
  name: string;
  rows: readonly number[];
  weight: number;
  seconds: readonly [number, number];
  begin(stack: ChaosStack): void | Promise<void>;
  end(stack: ChaosStack): void | Promise<void>;
  /** Killed for good by this scene; a supervisor gives a part up that dies too often. */
  kills?: PartName;
}

const broken = (
  name: string,
  rows: readonly number[],
  weight: number,
  way: Way,
  faults: ProxyFaults,
): Scene => ({
  name,
  rows,
  weight,
  seconds: [3, 10],
  begin: ({ proxies }) => {
    Object.assign(proxies[way].faults, faults);
  },
  end: ({ proxies }) => {
    for (const fault of Object.keys(faults) as (keyof ProxyFaults)[]) delete proxies[way].faults[fault];
  },
});

const stopped = (
  part: PartName,
  rows: readonly number[],
  weight: number,
  seconds: readonly [number, number],
): Scene => ({
  name: `${part} stopped`,
  rows,
  weight,
  seconds,
  begin: (stack) => stack.signal(part, "SIGSTOP"),
  end: (stack) => stack.signal(part, "SIGCONT"),
});

const killed = (part: PartName, rows: readonly number[], weight: number): Scene => ({
  name: `${part} killed`,
  rows,
  weight,
  seconds: [1, 3],
  kills: part,
  begin: (stack) => stack.signal(part, "SIGKILL"),
  end: () => {},
});

const hooked = (
  name: string,
  rows: readonly number[],
  weight: number,
  faults: object,
  without: object,
): Scene => ({
  name,
  rows,
  weight,
  seconds: [3, 10],
  begin: (stack) => setEngineFaults(stack, faults),
  end: (stack) => setEngineFaults(stack, without),
});

/** What the engine's own hooks break. It may be away at that moment: then there is nothing to set. */
export async function setEngineFaults(stack: ChaosStack, faults: object): Promise<void> {
  await fetch(`${stack.running.address("engine")}/_test/faults`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.secrets.QSTASH_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(faults),
    signal: AbortSignal.timeout(2000),
  }).catch(() => null);
}

const scenes: readonly [Scene, ...Scene[]] = [
  killed("engine", [1, 38], 2),
  { ...killed("engine", [1], 1), name: "engine emptied", begin: (stack) => stack.emptyEngine() },
  killed("worker", [2, 3, 16, 17], 2),
  killed("sql", [4], 2),
  killed("redis", [14], 1),
  stopped("sql", [4, 6], 2, [2, 14]),
  stopped("redis", [14], 1, [2, 8]),
  stopped("engine", [11], 1, [2, 12]),
  stopped("worker", [9, 16], 1, [1, 5]),
  broken("sql away", [4], 2, "sql", { drop: 1 }),
  broken("sql drops", [4, 42], 2, "sql", { drop: 0.2 }),
  broken("sql cuts answers", [5, 42], 3, "sql", { cut: 0.15 }),
  broken("sql refuses", [4], 1, "sql", { refuse: { share: 0.2, statuses: [500, 503] } }),
  broken("sql slow", [6], 2, "sql", { slow: { share: 0.5, minMs: 200, maxMs: 2500 } }),
  broken("sql late", [5, 6], 2, "sql", { slow: { share: 0.15, minMs: 9000, maxMs: 13_000 } }),
  broken("redis away", [14], 1, "redis", { drop: 1 }),
  broken("redis unwell", [14], 1, "redis", {
    cut: 0.2,
    slow: { share: 0.3, minMs: 100, maxMs: 1500 },
    refuse: { share: 0.2, statuses: [429, 500] },
  }),
  broken("engine away", [11], 2, "engine", { drop: 1 }),
  broken("publishes refused", [11], 2, "engine", { refuse: { share: 0.4, statuses: [429, 500, 503] } }),
  broken("publishes cut", [12], 2, "engine", { cut: 0.3 }),
  broken("publishes doubled and late", [12, 38], 2, "engine", {
    duplicate: 0.2,
    reorder: 0.1,
    slow: { share: 0.2, minMs: 100, maxMs: 1500 },
  }),
  broken("deliveries doubled", [7, 8], 2, "steps", { duplicate: 0.3 }),
  broken("deliveries out of order", [10], 2, "steps", {
    reorder: 0.3,
    slow: { share: 0.2, minMs: 100, maxMs: 3000 },
  }),
  broken("deliveries lost", [2, 38], 2, "steps", { drop: 0.2, cut: 0.2 }),
  broken("deliveries refused", [13], 1, "steps", { refuse: { share: 0.4, statuses: [429, 500, 502, 503] } }),
  broken("clients cut off", [5], 2, "api", {
    drop: 0.05,
    cut: 0.15,
    slow: { share: 0.2, minMs: 50, maxMs: 800 },
  }),
  hooked("batch items refused", [39], 2, { refuseItems: [0, 2, 5] }, { refuseItems: [] }),
  hooked("engine loses answers", [7, 38], 1, { loseResponseEvery: 5 }, { loseResponseEvery: 0 }),
];

/** How often a part may die within the supervisor's minute. */
const KILLS_MAX = 2;
const MINUTE_MS = 60_000;

/** What was broken on purpose, and when. */
export interface Played {
  at: string;
  scene: string;
  seconds: number;
}

/** Plays scenes one after the other until the deadline, with quiet moments between them. */
export class Director {
  readonly played: Played[] = [];
  readonly #stack: ChaosStack;
  readonly #kills: { part: PartName; atMs: number }[] = [];
  readonly #running = new Set<Scene>();

  constructor(stack: ChaosStack) {
    this.#stack = stack;
  }

  async play(random: Random, untilMs: number): Promise<void> {
    while (Date.now() < untilMs) {
      await delay(random.integer(300, 2500));
      const scene = random.weighted(scenes);
      const seconds = random.integer(scene.seconds[0], scene.seconds[1]);
      const leftMs = untilMs - Date.now();
      if (leftMs <= 0) return;
      if (!this.#mayPlay(scene)) continue;
      await this.#perform(scene, Math.min(seconds * 1000, leftMs));
    }
  }

  async #perform(scene: Scene, forMs: number): Promise<void> {
    this.#running.add(scene);
    this.played.push({ at: new Date().toISOString(), scene: scene.name, seconds: Math.round(forMs / 1000) });
    try {
      await scene.begin(this.#stack);
      await delay(forMs);
    } finally {
      await scene.end(this.#stack);
      this.#running.delete(scene);
    }
  }

  #mayPlay(scene: Scene): boolean {
    if (this.#running.has(scene)) return false;
    const { kills } = scene;
    if (!kills) return true;
    const recent = this.#kills.filter(({ part, atMs }) => part === kills && Date.now() - atMs < MINUTE_MS);
    if (recent.length >= KILLS_MAX) return false;
    this.#kills.push({ part: kills, atMs: Date.now() });
    return true;
  }
}
