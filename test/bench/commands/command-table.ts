import { spread, type Spread } from "../statistics.ts";
import { commandBenchModes } from "./command-bench-mode.ts";
import {
  bareCommandRatio,
  commandRatio,
  heartbeatRatio,
  heldByEach,
  memoryRatio,
  overBareRatio,
  ownRatio,
  throughputRatio,
} from "./command-ratios.ts";
import type { CommandResults } from "./command-results.ts";
import type { IdleMemory } from "./measure-idle.ts";
import type { LatencyRound } from "./measure-latency.ts";

type Line = [what: string, measured: string, goal: string, isMet?: boolean];

const ranged = ({ median, min, max }: Spread) =>
  `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;

/** The measurements as a markdown table, with what they were taken on and how to take them again. */
export function commandTable(results: CommandResults): string {
  const { cpu, cores, memoryBytes, kernel } = results.machine;
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [...latencyLines(results), ...throughputLines(results), ...idleLines(results)];
  const rows = lines.map(
    ([what, measured, goal, isMet]) => `| ${what} | ${measured} | ${goal} | ${verdict(isMet)} |`,
  );
  return `\`${results.command}\`, ${results.startedAt.slice(0, 10)}, ${results.mode} mode.
${cores} cores of ${cpu}, ${(memoryBytes / 2 ** 30).toFixed(2)} GiB, kernel ${kernel}; ${versions.join(", ")}.

| what | measured | goal | met |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function verdict(isMet: boolean | undefined): string {
  if (isMet === undefined) return "";
  return isMet ? "yes" : "**no**";
}

const gatesOf = ({ mode }: CommandResults) => commandBenchModes[mode].gates;

function latencyLines(results: CommandResults): Line[] {
  const { latency } = results;
  if (latency.length === 0) return [];
  const { goals, heartbeatMax } = gatesOf(results);
  const [p50, p99, heartbeat] = [
    commandRatio(latency, "p50"),
    commandRatio(latency, "p99"),
    heartbeatRatio(latency),
  ];
  const bothOf = (ratio: typeof ownRatio) =>
    `${ranged(ratio(latency, "p50"))}, ${ranged(ratio(latency, "p99"))}`;
  const median = (kind: keyof LatencyRound) =>
    `${spread(latency.map((round) => round[kind].p50)).median.toFixed(2)} ms`;
  return [
    ["bare HTTP request, p50", median("hello"), ""],
    ["bare WebSocket echo through an object, p50", median("echo"), ""],
    ["command over REST to the charger and back, p50", median("command"), ""],
    [
      "its ratio to the sum of the first two, p50",
      ranged(p50),
      `≤ ${goals.p50Max}`,
      p50.median <= goals.p50Max,
    ],
    ["likewise, p99", ranged(p99), `≤ ${goals.p99Max}`, p99.median <= goals.p99Max],
    ["a command through a bare Worker and a bare object, p50", median("bareCommand"), ""],
    ["its ratio to the sum, p50 and p99", bothOf(bareCommandRatio), ""],
    ["the product's command over it, p50 and p99", bothOf(overBareRatio), ""],
    ["`GET /healthz` of the product, p50", median("healthz"), ""],
    ["a command's ratio to the sum of that and a Heartbeat, p50 and p99", bothOf(ownRatio), ""],
    ["Heartbeat, p50", median("heartbeat"), ""],
    ["its ratio to the echo", ranged(heartbeat), `≤ ${heartbeatMax}`, heartbeat.median <= heartbeatMax],
  ];
}

function throughputLines(results: CommandResults): Line[] {
  const { throughput } = results;
  if (throughput.length === 0) return [];
  const { throughputMin } = gatesOf(results).goals;
  const ratio = throughputRatio(throughput);
  const { median } = spread(throughput.map(({ commandsPerSecond }) => commandsPerSecond));
  return [
    [
      `commands to ${commandBenchModes[results.mode].parallel} chargers at once`,
      `${Math.round(median)} per second`,
      "",
    ],
    ["their ratio to bare HTTP requests", ranged(ratio), `≥ ${throughputMin}`, ratio.median >= throughputMin],
    [
      "the ratio of commands through bare objects",
      ranged(throughputRatio(throughput, "bareCommandsPerSecond")),
      "",
    ],
    [
      "the product's commands over those",
      ranged(throughputRatio(throughput, "commandsPerSecond", "bareCommandsPerSecond")),
      "",
    ],
    [
      "the ratio of commands to `GET /healthz`",
      ranged(throughputRatio(throughput, "commandsPerSecond", "healthzPerSecond")),
      "",
    ],
  ];
}

function idleLines(results: CommandResults): Line[] {
  const { idle } = results;
  if (idle === null) return [];
  const { memoryMax } = gatesOf(results);
  const { first, more, chargers } = idle;
  const each = heldByEach(idle);
  const ratio = memoryRatio(each);
  const { connected, idle: left } = idle.openDatabases;
  return [
    [`memory of one of ${2 * chargers} idle chargers`, kilobytes(each.productBytes), ""],
    ["of a bare object with a socket", kilobytes(each.bareBytes), ""],
    memoryMax === null
      ? ["ratio", ratio.toFixed(2), ""]
      : ["ratio", ratio.toFixed(2), `≤ ${memoryMax}`, ratio <= memoryMax],
    [`of the first ${chargers}: product, bare, ratio`, compared(first), ""],
    [`of the ${chargers} after them`, compared(more), ""],
    ["open session databases, connected and idle", `${connected}, ${left}`, "0 idle", left <= 1],
  ];
}

function compared(memory: IdleMemory): string {
  const { productBytes, bareBytes } = memory;
  return `${kilobytes(productBytes)}, ${kilobytes(bareBytes)}, ${memoryRatio(memory).toFixed(2)}`;
}
