import { spread, type Spread } from "../statistics.ts";
import type { LatencyRound } from "./measure-latency.ts";
import type { ThroughputRound } from "./measure-throughput.ts";

/** A command over a request that does nothing and a message that does nothing. */
export function commandRatio(rounds: readonly LatencyRound[], of: "p50" | "p99"): Spread {
  return spread(rounds.map(({ command, hello, echo }) => command[of] / (hello[of] + echo[of])));
}

/** The same for a command without a product: what is left for one. */
export function bareCommandRatio(rounds: readonly LatencyRound[], of: "p50" | "p99"): Spread {
  return spread(rounds.map(({ bareCommand, hello, echo }) => bareCommand[of] / (hello[of] + echo[of])));
}

/** A command over the product's own smallest request and message. */
export function ownRatio(rounds: readonly LatencyRound[], of: "p50" | "p99"): Spread {
  return spread(rounds.map(({ command, healthz, heartbeat }) => command[of] / (healthz[of] + heartbeat[of])));
}

export function heartbeatRatio(rounds: readonly LatencyRound[]): Spread {
  return spread(rounds.map(({ heartbeat, echo }) => heartbeat.p50 / echo.p50));
}

export function bareThroughputRatio(rounds: readonly ThroughputRound[]): Spread {
  return spread(
    rounds.map(({ bareCommandsPerSecond, helloPerSecond }) => bareCommandsPerSecond / helloPerSecond),
  );
}

export function ownThroughputRatio(rounds: readonly ThroughputRound[]): Spread {
  return spread(
    rounds.map(({ commandsPerSecond, healthzPerSecond }) => commandsPerSecond / healthzPerSecond),
  );
}

export function throughputRatio(rounds: readonly ThroughputRound[]): Spread {
  return spread(rounds.map(({ commandsPerSecond, helloPerSecond }) => commandsPerSecond / helloPerSecond));
}
