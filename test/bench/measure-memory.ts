import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { readLivingStack } from "../../dev/stack/data-directory.ts";
import { residentBytes } from "../../dev/stack/resident-memory.ts";
import { onlineCount } from "../harness/auditor.ts";
import { startStack, type RunningStack } from "../harness/stack.ts";
import { waitFor } from "../harness/wait-for.ts";
import { provisionBatch } from "./candidate.ts";
import { watch } from "./engine-counters.ts";

const SAMPLE_INTERVAL_MS = 500;
const SETTLED_AFTER_MS = 3_000;
const WARM_UP_CHARGERS = 100;

export interface MemoryRun {
  chargers: number;
  connected: number;
  /** All processes of the stack, the supervisor included, at their highest. */
  peakBytes: number;
  /** Likewise once the sessions sleep. */
  idleBytes: number;
  /** Of all processes, for each charger of the batch, three seconds after the last of them connected. Older results lack it. */
  addedBytes?: number;
  /** Null where the system does not tell. */
  descriptors: SessionDescriptors | null;
}

/** Open files of session databases. */
export interface SessionDescriptors {
  peak: number;
  /** At the end of the idle time. */
  idle: number;
  /** From when on fewer than half of the peak were open; null: never within the deadline. */
  idleAfterMs: number | null;
}

/** How long a connected fleet is left alone: at least `minMs`, and until its sessions sleep or `deadlineMs` is over. */
export interface IdleTime {
  minMs: number;
  deadlineMs: number;
}

/** Connects simulated chargers to a stack of its own, which has a few already, and leaves them alone. */
export async function measureMemory(chargers: number, idle: IdleTime): Promise<MemoryRun> {
  const stack = await startStack();
  const supervisor = readLivingStack(stack.dataDirectory)?.supervisor.pid ?? 0;
  const sampled = sample(supervisor, stack);
  try {
    await provisionBatch(stack, WARM_UP_CHARGERS, "simulated");
    await allConnected(stack, WARM_UP_CHARGERS);
    const bytesBefore = residentBytes(supervisor);
    await provisionBatch(stack, chargers, "simulated");
    const connected = (await allConnected(stack, WARM_UP_CHARGERS + chargers)) - WARM_UP_CHARGERS;
    const connectedAtMs = performance.now();
    await delay(SETTLED_AFTER_MS);
    const addedBytes = (residentBytes(supervisor) - bytesBefore) / chargers;
    const descriptors = await hibernation(stack, sampled, idle, connectedAtMs);
    return {
      chargers,
      connected,
      addedBytes,
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
  { minMs, deadlineMs }: IdleTime,
  connectedAtMs: number,
): Promise<SessionDescriptors | null> {
  if (sessionDescriptors(stack) === null) return null;
  let idleAfterMs: number | null = null;
  return watch("the end of the idle time", 2 * deadlineMs, async (atMs) => {
    const elapsedMs = atMs - connectedAtMs;
    const idle = sessionDescriptors(stack) ?? 0;
    if (idle * 2 < sampled.descriptors) idleAfterMs ??= elapsedMs;
    const isOver = elapsedMs > deadlineMs || (idleAfterMs !== null && elapsedMs >= minMs);
    return isOver ? { peak: sampled.descriptors, idle, idleAfterMs } : undefined;
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
