import type { Candidate } from "./bench-mode.ts";
import type { MeasuredRun } from "./measured-run.ts";
import type { Round } from "./measure-rounds.ts";
import { spread, type Spread } from "./statistics.ts";

export function roundsOf(rounds: Round[], chargers: number): Round[] {
  return rounds.filter(({ baseline }) => baseline.chargers === chargers);
}

export function sizesOf(rounds: Round[]): number[] {
  return [...new Set(rounds.map(({ baseline }) => baseline.chargers))].toSorted((a, b) => a - b);
}

/** Chargers per second of the candidate over those of the baseline of the same round. */
export function rateRatio(rounds: Round[], chargers: number, candidate: Candidate): Spread {
  return spread(roundsOf(rounds, chargers).map((round) => round.baseline.wallMs / round[candidate].wallMs));
}

export function chargersPerSecond(rounds: Round[], chargers: number, side: keyof Round): Spread {
  return spread(roundsOf(rounds, chargers).map((round) => (chargers * 1000) / round[side].wallMs));
}

/** What a charger costs in the largest batch over what it costs in the smallest: medians of each size. */
export function growth(
  rounds: Round[],
  side: keyof Round,
  cost: (run: MeasuredRun) => number,
): number | undefined {
  const sizes = sizesOf(rounds);
  const [smallest, largest] = [sizes[0], sizes.at(-1)];
  if (smallest === undefined || largest === undefined || smallest === largest) return undefined;
  const each = (chargers: number) =>
    spread(roundsOf(rounds, chargers).map((round) => cost(round[side]) / chargers)).median;
  return each(largest) / each(smallest);
}

/** How far the baseline wandered between the rounds of a size: 0 = not at all. */
export function baselineDrift(rounds: Round[], chargers: number): number {
  const { min, max } = spread(roundsOf(rounds, chargers).map(({ baseline }) => baseline.wallMs));
  return max / min - 1;
}

export const bodyBytes = (run: MeasuredRun) => run.deliveredBodyBytes;
export const wallMs = (run: MeasuredRun) => run.wallMs;
