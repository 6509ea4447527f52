import { setTimeout as delay } from "node:timers/promises";
import type { StatsSnapshot } from "../../dev/engine/engine-stats.ts";

/** Baseline and candidate are watched through the same window, at the same rate. */
const WATCH_INTERVAL_MS = 100;

/** What a batch cost the engine. */
export interface EngineCost {
  deliveries: number;
  deliveredBodyBytes: number;
  deliveredHeaderBytes: number;
  largestBodyBytes: number;
  failedAnswers: number;
}

export interface EngineCounters {
  read(): Promise<StatsSnapshot>;
  reset(): Promise<void>;
  /** Takes publishes, delivers nothing, until the next `reset`. */
  stall(): Promise<void>;
  /** Resolves once nothing is left to deliver, with the costs since `reset` and when that was first known. */
  drained(deliveriesMin: number, deadlineMs: number): Promise<EngineCost & { atMs: number }>;
}

/** Counters of a running engine, read over its test hooks. */
export function engineCounters(url: string, token: string): EngineCounters {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${url}/_test/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`the engine answered ${answer.status} to ${path}`);
    return answer.json();
  };
  const read = async () => (await ask("GET", "stats")) as StatsSnapshot;
  return {
    read,
    reset: async () => void (await ask("POST", "reset")),
    stall: async () => void (await ask("POST", "faults", { paused: true })),
    async drained(deliveriesMin, deadlineMs) {
      return watch("an engine without work", deadlineMs, async (atMs) => {
        const stats = await read();
        const isDone = stats.pending + stats.inFlight === 0 && stats.deliveries.step >= deliveriesMin;
        return isDone ? { ...costOf(stats), atMs } : undefined;
      });
    },
  };
}

function costOf(stats: StatsSnapshot): EngineCost {
  const answers = Object.entries(stats.answers);
  return {
    deliveries: stats.deliveries.step + stats.deliveries.failure,
    deliveredBodyBytes: stats.deliveredBodyBytes,
    deliveredHeaderBytes: stats.deliveredHeaderBytes,
    largestBodyBytes: stats.largestBodyBytes,
    failedAnswers: answers.reduce((sum, [status, count]) => sum + (status === "200" ? 0 : count), 0),
  };
}

/** Asks at the watch's rate until there is an answer. `ask` learns when its question was put. */
export async function watch<T>(
  what: string,
  deadlineMs: number,
  ask: (atMs: number) => Promise<T | undefined>,
): Promise<T> {
  const endsAtMs = performance.now() + deadlineMs;
  for (;;) {
    const atMs = performance.now();
    const answer = await ask(atMs);
    if (answer !== undefined) return answer;
    if (atMs > endsAtMs) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await delay(WATCH_INTERVAL_MS);
  }
}
