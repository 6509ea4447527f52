import { join } from "node:path";
import { emptyResults, type ProvisioningResults } from "../provisioning-results.ts";
import type { MeasuredKind, MessageSizes } from "./measure-messages.ts";
import type { MessageKind } from "./message-scenarios.ts";

/** How much the message bench measures, and what it asks of the product. */
interface MessageBenchMode {
  name: "smoke" | "full";
  command: string;
  /** Kinds of messages, each with the number of stations that send it at once. */
  measured: [kind: MessageKind, stations: number][];
  sizes: MessageSizes;
  /** Bytes and syncs of one message of the product at most. They are counts, which a busy machine hardly changes. */
  diskMax: Record<MessageKind, { bytes: number; syncs: number }>;
}

const full: MessageBenchMode = {
  name: "full",
  command: "BUSBAR_BENCH=full npm run test:bench -- test/bench/messages.bench.test.ts",
  measured: [
    ["meterValues", 1],
    ["meterValues", 50],
    ["startStop", 1],
    ["boot", 1],
    ["heartbeat", 1],
  ],
  sizes: {
    rounds: 5,
    messages: { meterValues: 500, startStop: 200, boot: 20, heartbeat: 500 },
    traced: 100,
  },
  diskMax: {
    meterValues: { bytes: 44_000, syncs: 1.5 },
    startStop: { bytes: 48_000, syncs: 1.5 },
    // A sync of the prepared sessions is shared by the chargers that connect within 0.4 s.
    boot: { bytes: 40_000, syncs: 9.5 },
    heartbeat: { bytes: 4_000, syncs: 0.2 },
  },
};

const smoke: MessageBenchMode = {
  ...full,
  name: "smoke",
  command: "npm run test:bench -- test/bench/messages.bench.test.ts",
  measured: [
    ["meterValues", 1],
    ["boot", 1],
  ],
  sizes: { rounds: 1, messages: { meterValues: 50, startStop: 20, boot: 5, heartbeat: 50 }, traced: 24 },
};

export const messageBenchMode = process.env["BUSBAR_BENCH"] === "full" ? full : smoke;

/** One run of the message bench, as it is stored. */
export interface MessageResults extends Pick<
  ProvisioningResults,
  "mode" | "command" | "startedAt" | "versions" | "machine"
> {
  measured: ({ kind: MessageKind } & MeasuredKind)[];
}

/** The published run is kept; a smoke run is for looking at. */
export function messageResultsFile(mode: "smoke" | "full"): string {
  return join(import.meta.dirname, "..", "results", mode === "full" ? "messages.json" : "messages-smoke.tmp");
}

export function emptyMessageResults({ name, command }: MessageBenchMode): MessageResults {
  const { mode, startedAt, versions, machine } = emptyResults(name, command);
  return { mode, command, startedAt, versions, machine, measured: [] };
}
