import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { announcesSockets } from "../../../dev/stack/announcements.ts";
import { PortClaims } from "../../../dev/stack/port-claims.ts";
import { Part } from "../../../dev/stack/part.ts";
import { tool } from "../../../dev/stack/project.ts";
import { workerBundle } from "../../../dev/stack/worker-bundle.ts";
import { WORKER_SOCKETS, workerConfig } from "../../../dev/stack/worker-config.ts";
import { stackEnvironment } from "../../harness/stack.ts";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

export interface BareRuntime {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

const BARE_WORKER = join(import.meta.dirname, "bare-worker.ts");

/**
 * Serves a Worker without a product in a workerd of its own, under the compatibility settings of the product. `entry` exports
 * the Worker and an object class `BareCharger`.
 */
export async function startBareRuntime(entry = BARE_WORKER): Promise<BareRuntime> {
  const directory = temporaryDirectory();
  const claims = new PortClaims();
  const port = await claims.takeFree();
  const configFile = await configure(entry, directory.path, [port, await claims.takeFree()]);
  let pid = 0;
  const part = new Part(
    {
      name: "bare",
      command: tool("workerd"),
      args: ["serve", "--experimental", "--control-fd=3", configFile],
      env: stackEnvironment(),
      announcement: announcesSockets(WORKER_SOCKETS),
      stopPatienceMs: 1_500,
    },
    {
      spawned: (_part, spawned) => (pid = spawned.pid),
      line: () => {},
      note: (text) => console.warn(text),
      gaveUp: (error) => console.error(error),
    },
  );
  await part.start();
  const stop = async () => {
    await part.stop();
    claims.release();
    directory.remove();
  };
  return { url: `http://127.0.0.1:${port}`, pid, stop };
}

async function configure(
  entry: string,
  directory: string,
  [port, schedulerPort]: [number, number],
): Promise<string> {
  const bundleDirectory = join(directory, "bundle");
  const storageDirectory = join(directory, "objects");
  const assetsDirectory = join(directory, "assets");
  for (const made of [storageDirectory, assetsDirectory]) mkdirSync(made, { recursive: true });
  await build({
    entryPoints: [entry],
    outfile: join(bundleDirectory, "index.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    keepNames: true,
    external: ["cloudflare:workers"],
    logLevel: "error",
  });
  const { compatibilityDate, compatibilityFlags } = (await workerBundle(AbortSignal.timeout(60_000)))
    .manifest;
  const configuration = workerConfig({
    manifest: {
      compatibilityDate,
      compatibilityFlags,
      crons: [],
      assetsBinding: null,
      durableObjects: [{ binding: "BARE", className: "BareCharger" }],
    },
    bundleDirectory,
    configDirectory: directory,
    storageDirectory,
    assetsDirectory,
    port,
    schedulerPort,
    variables: [],
  });
  const configFile = join(directory, "workerd.capnp");
  writeFileSync(configFile, configuration);
  return configFile;
}
