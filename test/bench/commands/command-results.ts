import { join } from "node:path";
import { emptyResults, type ProvisioningResults } from "../provisioning-results.ts";
import type { CommandBenchMode } from "./command-bench-mode.ts";
import type { IdleRun } from "./measure-idle.ts";
import type { LatencyRound } from "./measure-latency.ts";
import type { ThroughputRound } from "./measure-throughput.ts";

type Circumstances = Pick<ProvisioningResults, "mode" | "command" | "startedAt" | "versions" | "machine">;

/** One run of the command bench, as it is stored. */
export interface CommandResults extends Circumstances {
  latency: LatencyRound[];
  throughput: ThroughputRound[];
  idle: IdleRun | null;
}

/** The published run is kept; a smoke run is for looking at. */
export function commandResultsFile(mode: CommandBenchMode["name"]): string {
  const name = mode === "full" ? "commands.json" : "commands-smoke.tmp";
  return join(import.meta.dirname, "..", "results", name);
}

export function emptyCommandResults({ name, command }: CommandBenchMode): CommandResults {
  const { mode, startedAt, versions, machine } = emptyResults(name, command);
  return { mode, command, startedAt, versions, machine, latency: [], throughput: [], idle: null };
}
