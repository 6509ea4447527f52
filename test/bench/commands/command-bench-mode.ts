/** How much the command bench measures, and what it asks of the product. */
export interface CommandBenchMode {
  name: "smoke" | "full";
  command: string;
  /** Pairs of baseline and candidate. */
  rounds: number;
  /** Sequential operations of each kind in a round. */
  operations: number;
  warmUp: number;
  /** Chargers, and requests at a time, of the throughput measurement. */
  parallel: number;
  parallelOperations: number;
  idleChargers: number;
  /** Before memory is read: a process that has just started, or connected many, holds more for a while than it needs. */
  settleMs: number;
  idleMs: number;
  gates: CommandGates;
}

/** Ratios to the bare runtime of the same run. */
export interface CommandGates {
  /** Over a request and an echo. */
  goals: CommandBounds;
  /** A run that shares its machine does not ask for the goals: the sum is too small to be measured there. */
  asksForGoals: boolean;
  /** Over a command through bare objects: catches a product that costs twice what it did, on any machine. */
  overBare: CommandBounds;
  heartbeatMax: number;
  /** Null: too few chargers to tell theirs from what every process holds. */
  memoryMax: number | null;
}

export interface CommandBounds {
  p50Max: number;
  p99Max: number;
  throughputMin: number;
}

const full: CommandBenchMode = {
  name: "full",
  command: "BUSBAR_BENCH=full npm run test:bench -- test/bench/commands.bench.test.ts",
  rounds: 5,
  operations: 1000,
  warmUp: 300,
  parallel: 64,
  parallelOperations: 6400,
  idleChargers: 2000,
  settleMs: 20_000,
  idleMs: 20_000,
  gates: {
    goals: { p50Max: 1.6, p99Max: 1.6, throughputMin: 0.25 },
    asksForGoals: true,
    overBare: { p50Max: 2.5, p99Max: 8, throughputMin: 0.3 },
    heartbeatMax: 1.5,
    memoryMax: 1.15,
  },
};

const smoke: CommandBenchMode = {
  ...full,
  name: "smoke",
  command: "npm run test:bench -- test/bench/commands.bench.test.ts",
  rounds: 3,
  operations: 200,
  warmUp: 200,
  parallelOperations: 640,
  idleChargers: 100,
  settleMs: 0,
  idleMs: 13_000,
  gates: { ...full.gates, asksForGoals: false, heartbeatMax: 3, memoryMax: null },
};

export const commandBenchModes = { smoke, full };
export const commandBenchMode = process.env["BUSBAR_BENCH"] === "full" ? full : smoke;
