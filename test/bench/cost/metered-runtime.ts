import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { announcesSockets } from "../../../dev/stack/announcements.ts";
import { Part } from "../../../dev/stack/part.ts";
import { PortClaims } from "../../../dev/stack/port-claims.ts";
import { tool } from "../../../dev/stack/project.ts";
import { loadSecrets } from "../../../dev/stack/secrets.ts";
import { chooseWiring, workerVariables } from "../../../dev/stack/wiring.ts";
import { workerBundle } from "../../../dev/stack/worker-bundle.ts";
import { WORKER_SOCKETS, workerConfig } from "../../../dev/stack/worker-config.ts";
import { stackEnvironment, type RunningStack } from "../../harness/stack.ts";

export interface MeteredRuntime {
  url: string;
  stop(): Promise<void>;
}

/**
 * Serves the Worker with a meter around its session objects, in a workerd of its own, on the database, Redis and engine of a
 * running stack.
 */
export async function startMeteredRuntime(stack: RunningStack, name: string): Promise<MeteredRuntime> {
  const claims = new PortClaims();
  const [port, schedulerPort] = [await claims.takeFree(), await claims.takeFree()];
  const url = `http://127.0.0.1:${port}`;
  const variables = variablesOf(stack, url);
  const configFile = await configure(join(stack.dataDirectory, name), port, schedulerPort, variables);
  const part = new Part(
    {
      name,
      command: tool("workerd"),
      args: ["serve", "--experimental", "--control-fd=3", configFile],
      env: { ...stackEnvironment(), ...variables },
      announcement: announcesSockets(WORKER_SOCKETS),
      isLeashed: true,
      stopPatienceMs: 1_500,
    },
    {
      spawned: () => {},
      line: () => {},
      note: (text) => process.stderr.write(`${text}\n`),
      gaveUp: (error) => process.stderr.write(`${error.message}\n`),
    },
  );
  await part.start();
  const stop = async () => {
    await part.stop();
    claims.release();
  };
  return { url, stop };
}

function variablesOf(stack: RunningStack, baseUrl: string): Record<string, string> {
  const file = (name: string) => join(stack.dataDirectory, name);
  const port = (name: "sql" | "redis" | "engine" | "scheduler") => Number(new URL(stack.address(name)).port);
  return workerVariables({
    env: {},
    wiring: chooseWiring({}),
    secrets: loadSecrets(file("secrets.json")),
    ports: { sql: port("sql"), redis: port("redis"), engine: port("engine"), scheduler: port("scheduler") },
    baseUrl,
  });
}

async function configure(
  directory: string,
  port: number,
  schedulerPort: number,
  variables: Record<string, string>,
): Promise<string> {
  const [bundleDirectory, storageDirectory] = [join(directory, "bundle"), join(directory, "objects")];
  const { manifest, directory: built } = await workerBundle(AbortSignal.timeout(60_000));
  mkdirSync(storageDirectory, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, "worker", "metered-worker.ts")],
    outfile: join(bundleDirectory, "index.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
  const compatibilityFlags = [...manifest.compatibilityFlags, "unsafe_module"];
  const configuration = workerConfig({
    manifest: { ...manifest, compatibilityFlags },
    bundleDirectory,
    configDirectory: directory,
    storageDirectory,
    assetsDirectory: join(built, "assets"),
    port,
    schedulerPort,
    variables: Object.keys(variables),
  });
  const configFile = join(directory, "workerd.capnp");
  writeFileSync(configFile, configuration, { mode: 0o600 });
  return configFile;
}
