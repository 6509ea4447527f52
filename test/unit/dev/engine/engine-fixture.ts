import { Client } from "@upstash/workflow";
import { startEngine, type EngineOptions, type RunningEngine } from "../../../../dev/engine/start-engine.ts";
import { keys, startEndpoint, token, type Endpoint } from "./workflow-endpoint.ts";

export type RunLog = Awaited<ReturnType<Client["logs"]>>["runs"][number];

export interface Fixture {
  engine: RunningEngine;
  endpoint: Endpoint;
  client: Client;
  /** Switches faults on; see `dev/engine/faults.ts`. */
  faults(faults: object): Promise<void>;
  api(
    method: string,
    target: string,
    init?: { body?: string; headers?: Record<string, string> },
  ): Promise<Response>;
  run(runId: string): Promise<RunLog | undefined>;
  /** Waits until the run is in a state (default: ended) and returns its log. */
  ended(runId: string, state?: string): Promise<RunLog>;
  close(): Promise<void>;
}

/** An engine in this process, in memory, fast waits, with an endpoint and the SDK's client. */
export async function startFixture(options: Partial<EngineOptions> = {}): Promise<Fixture> {
  const engine = await startEngine({
    port: 0,
    dataFile: ":memory:",
    token,
    ...keys,
    timeScale: 0.01,
    hooks: true,
    ...options,
  });
  const endpoint = await startEndpoint(() => engine.url);
  return { engine, endpoint, ...connect(() => engine.url), close: () => closeBoth(engine, endpoint) };
}

async function closeBoth(engine: RunningEngine, endpoint: Endpoint): Promise<void> {
  await engine.close();
  await endpoint.close();
}

/** The parts of a fixture that only need the engine's address. */
export function connect(url: () => string): Omit<Fixture, "engine" | "endpoint" | "close"> {
  const client = new Client({ baseUrl: url(), token, retry: { retries: 0 }, enableTelemetry: false });
  const api: Fixture["api"] = (method, target, init = {}) =>
    fetch(`${url()}${target}`, {
      method,
      ...(init.body === undefined ? {} : { body: init.body }),
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
  const run = async (runId: string) =>
    (await client.logs({ workflowRunId: runId } as Parameters<Client["logs"]>[0])).runs[0];
  return {
    client,
    api,
    run,
    async faults(faults) {
      const response = await api("POST", "/_test/faults", { body: JSON.stringify(faults) });
      if (!response.ok) throw new Error(await response.text());
    },
    async ended(runId, state) {
      return await waitFor(async () => {
        const log = await run(runId);
        const isReached = state ? log?.workflowState === state : log && log.workflowState !== "RUN_STARTED";
        return isReached ? log : undefined;
      }, `run ${runId} to end`);
    },
  };
}

/** Polls until the condition gives something truthy; the deadline names what was waited for. */
export async function waitFor<Value>(
  condition: () => Promise<Value | undefined | false> | Value | undefined | false,
  what: string,
  deadlineMs = 10_000,
): Promise<Value> {
  const endsAtMs = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > endsAtMs) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
