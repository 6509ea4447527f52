import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeJson } from "../../dev/stack/write-json.ts";
import { startBenchWorld, type BenchWorld } from "./commands/bench-world.ts";
import { commandBenchMode as mode } from "./commands/command-bench-mode.ts";
import {
  commandRatio,
  heartbeatRatio,
  heldByEach,
  memoryRatio,
  overBareRatio,
  throughputRatio,
} from "./commands/command-ratios.ts";
import { commandResultsFile, emptyCommandResults } from "./commands/command-results.ts";
import { measureIdle } from "./commands/measure-idle.ts";
import { measureLatency } from "./commands/measure-latency.ts";
import { measureThroughput } from "./commands/measure-throughput.ts";

const { gates } = mode;
const results = emptyCommandResults(mode);

let world: BenchWorld;
beforeAll(async () => {
  world = await startBenchWorld(mode.name === "full");
});
// A missed goal is a result too: it is stored, whatever the expectations say.
afterAll(async () => {
  await world.stop();
  const file = commandResultsFile(mode.name);
  mkdirSync(dirname(file), { recursive: true });
  writeJson(file, results);
});

test("a command takes little longer than the request and the message it consists of, and so does a heartbeat", async () => {
  for await (const round of measureLatency(world, mode)) results.latency.push(round);
  expect(overBareRatio(results.latency, "p50").median).toBeLessThanOrEqual(gates.overBare.p50Max);
  expect(overBareRatio(results.latency, "p99").median).toBeLessThanOrEqual(gates.overBare.p99Max);
  expect(heartbeatRatio(results.latency).median).toBeLessThanOrEqual(gates.heartbeatMax);
  if (!gates.asksForGoals) return;
  expect(commandRatio(results.latency, "p50").median).toBeLessThanOrEqual(gates.goals.p50Max);
  expect(commandRatio(results.latency, "p99").median).toBeLessThanOrEqual(gates.goals.p99Max);
});

test("commands to many chargers at once reach the promised share of the rate of requests that do nothing", async () => {
  for await (const round of measureThroughput(world, mode)) results.throughput.push(round);
  const overBare = throughputRatio(results.throughput, "commandsPerSecond", "bareCommandsPerSecond");
  expect(overBare.median).toBeGreaterThanOrEqual(gates.overBare.throughputMin);
  if (!gates.asksForGoals) return;
  expect(throughputRatio(results.throughput).median).toBeGreaterThanOrEqual(gates.goals.throughputMin);
});

test("an idle charger holds little more memory than a bare socket, and nothing keeps it awake", async () => {
  results.idle = await measureIdle(world, mode);
  if (results.idle === null) return;
  const { openDatabases, chargers } = results.idle;
  expect(openDatabases.connected).toBeGreaterThan(0);
  expect(openDatabases.idle).toBeLessThan(chargers * 0.02 + 1);
  if (gates.memoryMax !== null)
    expect(memoryRatio(heldByEach(results.idle))).toBeLessThanOrEqual(gates.memoryMax);
});
