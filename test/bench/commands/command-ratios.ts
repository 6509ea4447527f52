import { spread, type Spread } from "../statistics.ts";
import type { IdleMemory, IdleRun } from "./measure-idle.ts";
import type { LatencyRound } from "./measure-latency.ts";
import type { ThroughputRound } from "./measure-throughput.ts";

type Latencies = readonly LatencyRound[];
type Share = "p50" | "p99";

/** A command over a request that does nothing and a message that does nothing. */
export const commandRatio = (rounds: Latencies, of: Share) =>
  latencies(rounds, of, "command", "hello", "echo");

/** The same for a command without a product: what is left for one. */
export const bareCommandRatio = (rounds: Latencies, of: Share) =>
  latencies(rounds, of, "bareCommand", "hello", "echo");

/** A command over one without a product. */
export const overBareRatio = (rounds: Latencies, of: Share) =>
  latencies(rounds, of, "command", "bareCommand");

/** A command over the product's own smallest request and message. */
export const ownRatio = (rounds: Latencies, of: Share) =>
  latencies(rounds, of, "command", "healthz", "heartbeat");

export const heartbeatRatio = (rounds: Latencies) => latencies(rounds, "p50", "heartbeat", "echo");

/** A rate over that of requests to the bare Worker, or over another one. */
export function throughputRatio(
  rounds: readonly ThroughputRound[],
  rate: keyof ThroughputRound = "commandsPerSecond",
  over: keyof ThroughputRound = "helloPerSecond",
): Spread {
  return spread(rounds.map((round) => round[rate] / round[over]));
}

/** What one charger of all that are connected holds: the waves are equally large. */
export function heldByEach({ first, more }: IdleRun): IdleMemory {
  return {
    productBytes: (first.productBytes + more.productBytes) / 2,
    bareBytes: (first.bareBytes + more.bareBytes) / 2,
  };
}

export const memoryRatio = ({ productBytes, bareBytes }: IdleMemory) => productBytes / bareBytes;

function latencies(
  rounds: Latencies,
  of: Share,
  kind: keyof LatencyRound,
  ...parts: (keyof LatencyRound)[]
): Spread {
  const sum = (round: LatencyRound) => parts.reduce((total, part) => total + round[part][of], 0);
  return spread(rounds.map((round) => round[kind][of] / sum(round)));
}
