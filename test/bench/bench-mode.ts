/** Runtimes whose rate is compared with that of empty steps. */
export const CANDIDATES = ["external", "simulated"] as const;
export type Candidate = (typeof CANDIDATES)[number];

/** What a mode measures. Sizes are multiples of the dispatcher's slice of 100. */
export interface BenchMode {
  name: "smoke" | "full";
  command: string;
  sizes: number[];
  /** Accepts for each size. */
  accepts: number;
  /** Rounds of baseline and both candidates, for each size. */
  rounds: number;
  /** Further rounds while the judged ratios miss their gates: the machine of a smoke run has other work. */
  extraRoundsMax: number;
  /** Which of the rounds' ratios has to pass its gate. */
  judged: "median" | "max";
  warmUpChargers: number;
  /** How long a connected fleet is watched doing nothing, at least. */
  idleMs: number;
  gates: Gates;
}

/** Full gates are the goals. A smoke run shares its machine: its rates only show that nothing stands still. */
export interface Gates {
  acceptMs(chargers: number): number;
  ratioMin: Record<Candidate, number>;
  /** Chargers registered one by one over those of a batch, chargers a second. */
  registrationRatioMin: number;
  /** Time and bytes of a charger in the largest batch over those in the smallest. */
  growthMax: number;
  residentBytes(chargers: number): number;
  /** From READY until the sessions hold less than half of the descriptors they held at most. */
  hibernationMs: number;
}

const GIBIBYTE = 2 ** 30;

const sizesOf = (list: string) => list.split(",").map(Number);

const full: BenchMode = {
  name: "full",
  command: "BUSBAR_BENCH=full npm run test:bench -- test/bench/provisioning.bench.test.ts",
  sizes: sizesOf(process.env["BUSBAR_BENCH_SIZES"] ?? "1000,10000"),
  accepts: 10,
  rounds: 3,
  extraRoundsMax: 0,
  judged: "median",
  warmUpChargers: 300,
  idleMs: 30_000,
  gates: {
    acceptMs: (chargers) => (chargers > 1_000 ? 2_000 : 1_000),
    ratioMin: { external: 0.5, simulated: 0.25 },
    registrationRatioMin: 1,
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
  extraRoundsMax: 1,
  judged: "max",
  warmUpChargers: 100,
  idleMs: 0,
  gates: {
    ...full.gates,
    ratioMin: { external: 0.05, simulated: 0.03 },
    registrationRatioMin: 0.3,
  },
};

export const benchModes = { smoke, full };
export const benchMode: BenchMode = process.env["BUSBAR_BENCH"] === "full" ? full : smoke;
