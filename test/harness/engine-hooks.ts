import { join } from "node:path";
import { z } from "zod";
import { loadSecrets } from "../../dev/stack/secrets.ts";
import type { RunningStack } from "./stack.ts";

const stats = z.object({
  pending: z.number(),
  inFlight: z.number(),
  apiCalls: z.record(z.string(), z.number()),
  deliveries: z.record(z.string(), z.number()),
});

/** Hooks of the engine of a stack that was started with BUSBAR_ENGINE_HOOKS=1. */
export function engineHooks(stack: RunningStack) {
  const token = loadSecrets(join(stack.dataDirectory, "secrets.json")).QSTASH_TOKEN;
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(stack.address("engine") + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    /** Moves the engine's time. */
    forward: (minutes: number) => ask("POST", "/_test/clock", { forwardMs: minutes * 60_000 }),
    faults: (faults: object) => ask("POST", "/_test/faults", faults),
    stats: async () => stats.parse(await ask("GET", "/_test/stats")),
    deadLetters: async () =>
      z.object({ messages: z.array(z.unknown()) }).parse(await ask("GET", "/v2/dlq?source=qstash")).messages,
  };
}
