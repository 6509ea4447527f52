import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { DataDirectory } from "./data-directory.ts";
import type { PartSpec } from "./part.ts";
import { workerdPart, wranglerPart } from "./part-specs.ts";
import { StackError } from "./stack-error.ts";
import { installBundle, workerBundle } from "./worker-bundle.ts";
import { workerConfig } from "./worker-config.ts";
import { privateOrigins, type WiringContext } from "./wiring.ts";

// The only schedule that the supervisor fires.
const EVERY_MINUTE = "* * * * *";

const outcome = z.object({ outcome: z.string() });

/** The Worker as a part of the stack, with a function that runs its scheduled handler. */
export interface WorkerPart {
  spec: PartSpec;
  fireScheduled(cron: string, scheduledTime: number, signal: AbortSignal): Promise<void>;
  crons: readonly string[];
}

/** The Worker in workerd, without the proxy of `wrangler dev`. */
export async function servedWorker(
  context: WiringContext,
  data: DataDirectory,
  variables: Record<string, string>,
  port: number,
  signal: AbortSignal,
): Promise<WorkerPart> {
  const bundle = await workerBundle(signal);
  const others = bundle.manifest.crons.filter((cron) => cron !== EVERY_MINUTE);
  if (others.length > 0)
    throw new StackError(`The local stack fires "${EVERY_MINUTE}" only, not "${others.join(", ")}".`);
  const bundleDirectory = data.file("worker");
  const storageDirectory = data.file("objects");
  installBundle(bundle, bundleDirectory);
  mkdirSync(storageDirectory, { recursive: true });
  const configFile = data.file("workerd.capnp");
  const { manifest } = bundle;
  const origins = privateOrigins(variables);
  const configuration = workerConfig({
    manifest,
    bundleDirectory,
    configDirectory: data.path,
    storageDirectory,
    assetsDirectory: join(bundleDirectory, "assets"),
    port,
    schedulerPort: context.ports.scheduler,
    variables: Object.keys(variables).toSorted(),
    ...(origins && { privateOrigins: origins }),
  });
  writeFileSync(configFile, configuration, { mode: 0o600 });
  const fireScheduled: WorkerPart["fireScheduled"] = async (cron, scheduledTime, signal) => {
    const body = JSON.stringify({ cron, scheduledTime });
    const answer = await fetch(`http://127.0.0.1:${context.ports.scheduler}/`, {
      method: "POST",
      body,
      signal,
    });
    const result = outcome.safeParse(await answer.json().catch(() => null));
    if (result.data?.outcome !== "ok")
      throw new Error(`answered ${answer.status}, ${result.data?.outcome ?? "no outcome"}`);
  };
  return { spec: workerdPart(context, configFile, variables), fireScheduled, crons: manifest.crons };
}

/** The Worker under `wrangler dev`, which rebuilds it when a source file changes. */
export function reloadingWorker(
  context: WiringContext,
  data: DataDirectory,
  variables: Record<string, string>,
  port: number,
): WorkerPart {
  const variablesFile = data.file("wrangler.vars");
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  writeFileSync(variablesFile, lines.join(""), { mode: 0o600 });
  const fireScheduled: WorkerPart["fireScheduled"] = async (cron, _scheduledTime, signal) => {
    const query = new URLSearchParams({ cron });
    const answer = await fetch(`http://127.0.0.1:${port}/cdn-cgi/handler/scheduled?${query}`, { signal });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
  };
  return { spec: wranglerPart(context, data, variablesFile, port), fireScheduled, crons: [EVERY_MINUTE] };
}
