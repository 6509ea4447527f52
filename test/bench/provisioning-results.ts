import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../dev/stack/project.ts";
import { readJson } from "../../dev/stack/write-json.ts";
import type { Accept } from "./measure-accepts.ts";
import type { Registrations } from "./measure-registrations.ts";
import type { MemoryRun } from "./measure-memory.ts";
import type { Round } from "./measure-rounds.ts";

/** One run of the provisioning bench, as it is stored. */
export interface ProvisioningResults {
  mode: "smoke" | "full";
  command: string;
  startedAt: string;
  versions: Record<string, string>;
  machine: { cpu: string; cores: number; memoryBytes: number; kernel: string };
  accepts: Accept[];
  rounds: Round[];
  memory: MemoryRun[];
  /** Absent in runs from before it was measured. */
  registrations?: Registrations[];
}

const directory = join(import.meta.dirname, "results");

/** The published run is kept; a smoke run is for looking at. */
export function resultsFile(mode: ProvisioningResults["mode"]): string {
  return join(directory, mode === "full" ? "provisioning.json" : "provisioning-smoke.tmp");
}

export function emptyResults(mode: ProvisioningResults["mode"], command: string): ProvisioningResults {
  const processors = cpus();
  return {
    mode,
    command,
    startedAt: new Date().toISOString(),
    versions: {
      node: process.version,
      commit: commit(),
      ...Object.fromEntries(
        ["workerd", "wrangler", "@upstash/workflow", "@electric-sql/pglite"].map((name) => [
          name,
          versionOf(name),
        ]),
      ),
    },
    machine: {
      cpu: processors[0]?.model ?? "unknown",
      cores: processors.length,
      memoryBytes: totalmem(),
      kernel: release(),
    },
    accepts: [],
    rounds: [],
    memory: [],
  };
}

function versionOf(name: string): string {
  const content = readJson(join(projectRoot, "node_modules", name, "package.json"));
  return (content as { version?: string } | undefined)?.version ?? "unknown";
}

/** With a plus sign where the checkout differs from it. */
function commit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: projectRoot, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return git("rev-parse", "--short", "HEAD") + (changed ? "+" : "");
  } catch {
    return "unknown";
  }
}
