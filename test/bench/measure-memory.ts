import { readdirSync, readlinkSync } from "node:fs";
import { readLivingStack } from "../../dev/stack/data-directory.ts";
import { residentBytes } from "../../dev/stack/resident-memory.ts";
import { onlineCount } from "../harness/auditor.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";
import { provisionBatch } from "./candidate.ts";
import { watch } from "./engine-counters.ts";

const SAMPLE_INTERVAL_MS = 500;

export interface MemoryRun {
  chargers: number;
  connected: number;
  /** All processes of the stack, the supervisor included, at their highest. */
  peakBytes: number;
  /** Likewise once the sessions sleep. */
  idleBytes: number;
  /** Null where the system does not tell. */
  descriptors: SessionDescriptors | null;
}

/** Open files of session databases. */
export interface SessionDescriptors {
  peak: number;
  /** When more than half of them were gone, or the deadline was over. */
  idle: number;
  /** Null: half of them were never gone. */
  idleAfterMs: number | null;
}

/** Connects simulated chargers to a stack of its own and leaves them alone. */
export async function measureMemory(chargers: number, hibernationMs: number): Promise<MemoryRun> {
  const stack = await startStack();
  const supervisor = readLivingStack(stack.dataDirectory)?.supervisor.pid ?? 0;
  const sampled = sample(supervisor, stack);
  try {
    await provisionBatch(stack, chargers, "simulated");
    const connected = await allConnected(stack, chargers);
    const descriptors = await hibernation(stack, sampled, hibernationMs);
    return {
      chargers,
      connected,
      descriptors,
      idleBytes: residentBytes(supervisor),
      peakBytes: sampled.bytes,
    };
  } finally {
    sampled.stop();
    await stack.stop();
  }
}

async function allConnected(stack: RunningStack, chargers: number): Promise<number> {
  return waitFor(
    "all chargers connected",
    async () => {
      const connected = await onlineCount(stack);
      return connected === chargers ? connected : false;
    },
    60_000,
  );
}

interface Sampled {
  bytes: number;
  descriptors: number;
  stop(): void;
}

function sample(supervisor: number, stack: RunningStack): Sampled {
  const sampled: Sampled = { bytes: 0, descriptors: 0, stop: () => clearInterval(timer) };
  const timer = setInterval(() => {
    sampled.bytes = Math.max(sampled.bytes, residentBytes(supervisor));
    sampled.descriptors = Math.max(sampled.descriptors, sessionDescriptors(stack) ?? 0);
  }, SAMPLE_INTERVAL_MS);
  return sampled;
}

async function hibernation(
  stack: RunningStack,
  sampled: Sampled,
  deadlineMs: number,
): Promise<SessionDescriptors | null> {
  if (sessionDescriptors(stack) === null) return null;
  const startedAtMs = performance.now();
  return watch("sleeping sessions", 2 * deadlineMs, async (atMs) => {
    const idle = sessionDescriptors(stack) ?? 0;
    const { descriptors: peak } = sampled;
    const elapsedMs = atMs - startedAtMs;
    if (idle * 2 < peak) return { peak, idle, idleAfterMs: elapsedMs };
    return elapsedMs > deadlineMs ? { peak, idle, idleAfterMs: null } : undefined;
  });
}

/** Open files of session databases in the runtime; null where the system does not tell. */
function sessionDescriptors(stack: RunningStack): number | null {
  const directory = `/proc/${stack.part("worker").pid}/fd`;
  try {
    return readdirSync(directory).filter((name) => isSession(`${directory}/${name}`)).length;
  } catch {
    return null;
  }
}

function isSession(descriptor: string): boolean {
  try {
    return readlinkSync(descriptor).includes("ChargePointSession");
  } catch {
    return false;
  }
}
