/** What a mode measures. Sizes are multiples of the dispatcher's slice of 100. */
export interface BenchMode {
  name: "smoke" | "full";
  command: string;
  sizes: number[];
  /** Accepts for each size. */
  accepts: number;
  /** Rounds of baseline and both candidates, for each size. */
  rounds: number;
  warmUpChargers: number;
  gates: Gates;
}

/** Smoke gates catch a factor of two on a busy machine; full gates are the goals. */
export interface Gates {
  acceptMs(chargers: number): number;
  externalRatioMin: number;
  simulatedRatioMin: number;
  /** Time and bytes of a charger in the largest batch over those in the smallest. */
  growthMax: number;
  residentBytes(chargers: number): number;
  /** From READY until the sessions hold less than half of the descriptors they held at most. */
  hibernationMs: number;
}

const GIBIBYTE = 2 ** 30;

const full: BenchMode = {
  name: "full",
  command: "BUSBAR_BENCH=full npm run test:bench -- test/bench/provisioning.bench.test.ts",
  sizes: [1_000, 10_000],
  accepts: 10,
  rounds: 3,
  warmUpChargers: 300,
  gates: {
    acceptMs: (chargers) => (chargers > 1_000 ? 2_000 : 1_000),
    externalRatioMin: 0.5,
    simulatedRatioMin: 0.25,
    growthMax: 1.3,
    residentBytes: (chargers) => (chargers > 1_000 ? 4.5 : 2) * GIBIBYTE,
    hibernationMs: 45_000,
  },
};

const smoke: BenchMode = {
  name: "smoke",
  command: "npm run test:bench -- test/bench/provisioning.bench.test.ts",
  sizes: [200],
  accepts: 3,
  rounds: 1,
  warmUpChargers: 100,
  gates: {
    ...full.gates,
    externalRatioMin: 0.25,
    simulatedRatioMin: 0.12,
  },
};

export const benchModes = { smoke, full };
export const benchMode: BenchMode = process.env["BUSBAR_BENCH"] === "full" ? full : smoke;
