import { workerBundle } from "../../dev/stack/worker-bundle.ts";
import type { BenchMode } from "./bench-mode.ts";
import { BenchParts } from "./bench-parts.ts";
import { runCandidate } from "./candidate.ts";
import { runBaseline } from "./empty-step-baseline.ts";
import { engineCounters } from "./engine-counters.ts";
import type { MeasuredRun } from "./measured-run.ts";

const SIDES = ["baseline", "external", "simulated"] as const;
type Side = (typeof SIDES)[number];

/** The baseline and both candidates, one after the other. */
export type Round = Record<Side, MeasuredRun>;

/**
 * Rounds of one size. Redis and engine live for all of them. Every side of every round gets new processes, warms up with work of
 * its own kind, and is gone before the next side runs. The side that begins changes from round to round. Asks before each round.
 */
export async function* measureRounds(
  mode: BenchMode,
  chargers: number,
  isEnough: () => boolean,
): AsyncGenerator<Round> {
  const parts = new BenchParts();
  try {
    const [redisUrl, engineUrl] = await Promise.all([parts.redis(), parts.engine()]);
    const variables = parts.variables(redisUrl, engineUrl);
    const counters = engineCounters(engineUrl, parts.engineToken);
    const { manifest } = await workerBundle(new AbortController().signal);
    const { warmUpChargers } = mode;
    const measure = (side: Side): Promise<MeasuredRun> =>
      side === "baseline"
        ? runBaseline(parts, counters, variables, manifest, { chargers, warmUpChargers })
        : runCandidate(counters, variables, { chargers, runtime: side, warmUpChargers });
    const roundsMax = mode.rounds + mode.extraRoundsMax;
    for (let round = 0; round < roundsMax && !isEnough(); round += 1)
      yield await measureRound(measure, round);
  } finally {
    await parts.stop();
  }
}

async function measureRound(measure: (side: Side) => Promise<MeasuredRun>, round: number): Promise<Round> {
  const measured: Partial<Round> = {};
  for (let at = 0; at < SIDES.length; at += 1) {
    const side = SIDES[(at + round) % SIDES.length] ?? "baseline";
    measured[side] = await measure(side);
    const { chargers, wallMs } = measured[side];
    console.log(`round ${round + 1}, ${side}: ${chargers} chargers in ${(wallMs / 1000).toFixed(2)} s`);
  }
  const { baseline, external, simulated } = measured;
  if (!baseline || !external || !simulated) throw new Error("a side was not measured");
  return { baseline, external, simulated };
}
