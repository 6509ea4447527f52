import { join } from "node:path";
import { readJson, writeJson } from "../../../dev/stack/write-json.ts";
import type { CostResults } from "./cost-results.ts";

/** One run of the bench, as it is stored. */
export interface CostRun {
  /** What was measured, e.g. "before". */
  label: string;
  commit: string;
  startedAt: string;
  machine: string;
  results: CostResults;
}

export const costRunsFile = join(import.meta.dirname, "..", "results", "cost.json");

/** Stores a run for docs/performance.md, in place of the one with the same label. */
export function keepRun(run: CostRun): void {
  const kept = (readJson(costRunsFile) as CostRun[] | undefined) ?? [];
  const at = kept.findIndex(({ label }) => label === run.label);
  writeJson(costRunsFile, at === -1 ? [...kept, run] : kept.with(at, run));
}
