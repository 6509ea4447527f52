import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join, relative } from "node:path";
import type { Unstable_Config } from "wrangler";
import { z } from "zod";
import { projectRoot, tool } from "./project.ts";
import { StackError } from "./stack-error.ts";
import { readJson, writeJson } from "./write-json.ts";

const BUNDLES_KEPT = 4;
const INPUTS = [
  "src",
  "workflows",
  "wrangler.toml",
  "package-lock.json",
  "scripts/build-validators.mjs",
  "scripts/build-assets.mjs",
  "dashboard/public",
  "tsconfig.json",
];

const manifest = z.object({
  compatibilityDate: z.string(),
  compatibilityFlags: z.array(z.string()),
  crons: z.array(z.string()),
  assetsBinding: z.string().nullable(),
  durableObjects: z.array(z.object({ binding: z.string(), className: z.string() })),
});

const durableObjectBindings = z.array(z.object({ name: z.string(), class_name: z.string() }));

/** The part of `wrangler.toml` that the configuration of workerd is made from. */
export type WorkerManifest = z.infer<typeof manifest>;

export interface WorkerBundle {
  /** Holds `index.js`, the modules that it imports, and `assets/` with the files that the Worker serves. */
  directory: string;
  manifest: WorkerManifest;
}

/** The Worker as `wrangler deploy` would upload it. Built once per state of the sources, cached under `dist/worker/`. */
export async function workerBundle(signal: AbortSignal): Promise<WorkerBundle> {
  const store = join(projectRoot, "dist", "worker");
  const directory = join(store, hashOf(INPUTS.map((input) => join(projectRoot, input))));
  if (!existsSync(directory)) await build(store, directory, signal);
  return { directory, manifest: manifest.parse(readJson(join(directory, "manifest.json"))) };
}

/** Copies a bundle into the data directory, so that a running stack does not depend on `dist/`. */
export function installBundle(bundle: WorkerBundle, directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  cpSync(bundle.directory, directory, { recursive: true });
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesUnder).toSorted()) {
    hash
      .update(`${relative(projectRoot, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 24);
}

function filesUnder(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("generated"))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function build(store: string, directory: string, signal: AbortSignal): Promise<void> {
  const draft = `${directory}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const wrangler = spawn(tool("wrangler"), ["deploy", "--dry-run", "--outdir", draft], {
    cwd: projectRoot,
    env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let output = "";
  for (const stream of [wrangler.stdout, wrangler.stderr])
    stream.on("data", (chunk) => (output += String(chunk)));
  const [code] = await once(wrangler, "close");
  if (code !== 0) {
    rmSync(draft, { recursive: true, force: true });
    throw new StackError(`The Worker could not be bundled:\n${output.trim().replace(/^/gm, "    ")}`);
  }
  const config = await readConfiguration();
  writeJson(join(draft, "manifest.json"), manifestOf(config));
  cpSync(join(projectRoot, config.assets?.directory ?? "dist/assets"), join(draft, "assets"), {
    recursive: true,
  });
  adopt(draft, directory);
  prune(store);
}

async function readConfiguration(): Promise<Unstable_Config> {
  const { unstable_readConfig } = await import("wrangler");
  return unstable_readConfig({ config: join(projectRoot, "wrangler.toml") });
}

function manifestOf(config: Unstable_Config): WorkerManifest {
  const objects = durableObjectBindings.parse(config.durable_objects.bindings);
  return {
    compatibilityDate: config.compatibility_date ?? "",
    compatibilityFlags: config.compatibility_flags,
    assetsBinding: config.assets?.binding ?? null,
    crons: config.triggers.crons ?? [],
    durableObjects: objects.map((one) => ({ binding: one.name, className: one.class_name })),
  };
}

function adopt(draft: string, directory: string): void {
  try {
    renameSync(draft, directory);
  } catch (error) {
    // Another stack has built the same sources in the meantime; its bundle is used.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
}

function prune(store: string): void {
  const age = (name: string) => statSync(join(store, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const bundles = readdirSync(store).filter((name) => !name.includes("."));
  for (const name of bundles.toSorted((a, b) => age(b) - age(a)).slice(BUNDLES_KEPT)) {
    rmSync(join(store, name), { recursive: true, force: true });
  }
}
