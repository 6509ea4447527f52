import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { announcesSockets } from "../../dev/stack/announcements.ts";
import { tool } from "../../dev/stack/project.ts";
import { WORKER_SOCKETS, workerConfig } from "../../dev/stack/worker-config.ts";
import { stackEnvironment } from "../harness/stack.ts";
import type { BenchParts } from "./bench-parts.ts";
import type { EngineCounters } from "./engine-counters.ts";
import { deadlineOf, deliveriesOf, type MeasuredRun } from "./measured-run.ts";

/** As in `wrangler.toml`: both sides run under the same rules. */
export interface Compatibility {
  compatibilityDate: string;
  compatibilityFlags: string[];
}

/**
 * Runs a batch of empty steps in a workerd of its own, which is started for it on the parts' Redis and engine, warmed up and
 * stopped.
 */
export async function runBaseline(
  parts: BenchParts,
  counters: EngineCounters,
  engineVariables: Record<string, string>,
  compatibility: Compatibility,
  { chargers, warmUpChargers }: { chargers: number; warmUpChargers: number },
): Promise<MeasuredRun> {
  const { url, stop } = await serve(parts, engineVariables, compatibility);
  try {
    await runBatch(url, counters, warmUpChargers);
    return await runBatch(url, counters, chargers);
  } finally {
    await stop();
  }
}

async function runBatch(url: string, counters: EngineCounters, chargers: number): Promise<MeasuredRun> {
  await counters.reset();
  const startedAtMs = performance.now();
  const answer = await fetch(`${url}/start?total=${chargers}`, { method: "POST" });
  const acceptMs = performance.now() - startedAtMs;
  if (answer.status !== 202) throw new Error(`the baseline answered ${answer.status}`);
  const { atMs, ...cost } = await counters.drained(deliveriesOf(chargers), deadlineOf(chargers));
  return { chargers, acceptMs, wallMs: atMs - startedAtMs, ...cost };
}

async function serve(
  parts: BenchParts,
  engineVariables: Record<string, string>,
  compatibility: Compatibility,
): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = join(parts.directory.path, "baseline");
  const bundleDirectory = join(directory, "bundle");
  const empty = join(directory, "empty");
  mkdirSync(empty, { recursive: true });
  await bundle(bundleDirectory);
  const port = await parts.ports.takeFree();
  const url = `http://127.0.0.1:${port}`;
  const variables = { ...unusedVariables(), ...engineVariables, PUBLIC_BASE_URL: url };
  const configFile = join(directory, "workerd.capnp");
  const configuration = workerConfig({
    manifest: { ...compatibility, crons: [], assetsBinding: null, durableObjects: [] },
    bundleDirectory,
    configDirectory: directory,
    storageDirectory: empty,
    assetsDirectory: empty,
    port,
    schedulerPort: await parts.ports.takeFree(),
    variables: Object.keys(variables),
  });
  writeFileSync(configFile, configuration);
  const part = await parts.start({
    name: "baseline",
    command: tool("workerd"),
    args: ["serve", "--experimental", "--control-fd=3", configFile],
    env: stackEnvironment(variables),
    announcement: announcesSockets(WORKER_SOCKETS),
    stopPatienceMs: 1_500,
  });
  return { url, stop: () => part.stop() };
}

async function bundle(directory: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "empty-step-worker.ts")],
    outfile: join(directory, "index.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    keepNames: true,
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
}

/** What the configuration insists on and an empty step never reads. */
function unusedVariables(): Record<string, string> {
  const unused = "not used, but of more than 32 bytes";
  return {
    BUSBAR_ENV: "development",
    DATABASE_URL: "postgresql://unused:unused@unused.invalid/unused",
    JWT_SECRET: unused,
    SETTINGS_TOKEN_SECRET: unused,
    CREDENTIAL_SECRET: unused,
  };
}
