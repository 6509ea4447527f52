import { afterEach, expect, test } from "vitest";
import type { StatsSnapshot } from "../../dev/engine/engine-stats.ts";
import { chargerBatch } from "../unit/dev/engine/charger-batch.ts";
import { connect, waitFor } from "../unit/dev/engine/engine-fixture.ts";
import { startEngineProcess, temporaryDirectory } from "../unit/dev/engine/engine-process.ts";
import { startEndpoint } from "../unit/dev/engine/workflow-endpoint.ts";

const total = 10_000;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function measure(dataFile: string): Promise<{ wallMs: number; stats: StatsSnapshot; done: number }> {
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
      const response = await api("GET", "/_test/stats");
      const snapshot = (await response.json()) as StatsSnapshot;
      return snapshot.pending === 0 && batch.effects.size === total ? snapshot : undefined;
    },
    "the batch to end",
    300_000,
  );
  return { wallMs: Date.now() - startedAtMs, stats, done: batch.effects.size };
}

test("ten thousand chargers cost the counted deliveries, little memory, and disk costs at most half again", async () => {
  const directory = temporaryDirectory();
  cleanups.push(() => directory.remove());
  const inMemory = await measure(":memory:");
  const onDisk = await measure(`${directory.path}/engine.sqlite`);
  for (const { stats, done } of [inMemory, onDisk]) {
    expect(done).toBe(total);
    expect(stats.deliveries.step).toBe(2 * total + total / 100 + 1 + total / 50);
    expect(stats.largestBodyBytes).toBeLessThan(32 * 1024);
    expect(stats.memoryRssBytes).toBeLessThan(300 * 1024 * 1024);
    expect(stats.flow["prov-bench"]?.inFlightMax).toBe(20);
  }
  expect(onDisk.wallMs).toBeLessThanOrEqual(1.5 * inMemory.wallMs);
  const perSecond = Math.round(onDisk.stats.deliveries.step / (onDisk.wallMs / 1000));
  const megabytes = Math.round(onDisk.stats.memoryRssBytes / 1024 / 1024);
  console.log(
    `engine: ${perSecond} deliveries/s, engine CPU ${Math.round(onDisk.stats.cpuMs)} ms, ${megabytes} MB, ` +
      `wall ${onDisk.wallMs} ms on disk, ${inMemory.wallMs} ms in memory`,
  );
});
