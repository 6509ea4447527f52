import { afterEach, expect, test } from "vitest";
import type { StatsSnapshot } from "../../dev/engine/engine-stats.ts";
import { chargerBatch } from "../unit/dev/engine/charger-batch.ts";
import { benchMode } from "./bench-mode.ts";
import { connect, waitFor } from "../unit/dev/engine/engine-fixture.ts";
import { startEngineProcess } from "../unit/dev/engine/engine-process.ts";
import { temporaryDirectory } from "../harness/temporary-directory.ts";
import { startEndpoint } from "../unit/dev/engine/workflow-endpoint.ts";

/** Few where other lanes run too. */
const total = benchMode.name === "full" ? 10_000 : 2_000;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Measured {
  wallMs: number;
  stats: StatsSnapshot;
  effects: Map<number, number>;
  url: string;
  stop(): Promise<unknown>;
}

async function provision(dataFile: string): Promise<Measured> {
  const engine = await startEngineProcess({ port: 0, dataFile });
  cleanups.push(() => engine.stop());
  const endpoint = await startEndpoint(() => engine.url);
  cleanups.push(() => endpoint.close());
  const { api } = connect(() => engine.url);
  const batch = chargerBatch(endpoint, () => engine.url, "bench", {
    failsBefore: (seq, retried) => seq % 50 === 0 && retried === 0,
  });
  const startedAtMs = Date.now();
  await batch.trigger(total);
  const stats = await waitFor(
    async () => {
      if (batch.effects.size < total) return undefined;
      const snapshot = (await (await api("GET", "/_test/stats")).json()) as StatsSnapshot;
      return snapshot.pending === 0 ? snapshot : undefined;
    },
    "the batch to end",
    300_000,
  );
  const { effects } = batch;
  return { wallMs: Date.now() - startedAtMs, stats, effects, url: engine.url, stop: () => engine.stop() };
}

async function countLogged(url: string, label: string): Promise<number> {
  const { client } = connect(() => url);
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await client.logs({ filter: { label }, ...(cursor ? { cursor } : {}) });
    for (const { workflowRunId } of page.runs) seen.add(workflowRunId);
    cursor = page.cursor;
  } while (cursor);
  return seen.size;
}

test(`${total} chargers cost the counted deliveries and little memory, and disk costs at most half again`, async () => {
  const directory = temporaryDirectory();
  cleanups.push(() => directory.remove());
  const walls = { disk: [] as number[], memory: [] as number[] };
  for (const round of [1, 2]) {
    const onDisk = await provision(`${directory.path}/engine-${round}.sqlite`);
    if (round === 1) expect(await countLogged(onDisk.url, "bench")).toBe(total + 1);
    await onDisk.stop();
    const inMemory = await provision(":memory:");
    await inMemory.stop();
    walls.disk.push(onDisk.wallMs);
    walls.memory.push(inMemory.wallMs);
    for (const { stats, effects } of [onDisk, inMemory]) {
      expect([effects.size, Math.max(...effects.values())]).toEqual([total, 1]);
      expect(stats.deliveries.step).toBe(2 * total + total / 100 + 1 + total / 50);
      expect(stats.largestBodyBytes).toBeLessThan(32 * 1024);
      expect(stats.memoryRssBytes).toBeLessThan(300 * 1024 * 1024);
      expect(stats.flow["prov-bench"]?.inFlightMax).toBe(20);
    }
    const { deliveries, cpuMs, memoryRssBytes } = onDisk.stats;
    console.log(
      `engine on disk: ${Math.round((deliveries.step * 1000) / onDisk.wallMs)} deliveries/s with the SDK, ` +
        `${Math.round((cpuMs * 1000) / deliveries.step)} µs CPU each, ${Math.round(memoryRssBytes / 2 ** 20)} MB`,
    );
  }
  // The better of two rounds each: the machine has other work.
  expect(Math.min(...walls.disk)).toBeLessThanOrEqual(1.5 * Math.min(...walls.memory));
});
