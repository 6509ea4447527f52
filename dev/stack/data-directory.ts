import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { endProcess } from "./end-process.ts";
import { identify } from "./process-identity.ts";
import { LockHeld, takeProcessLock, type ProcessLock } from "./process-lock.ts";
import { StackError } from "./stack-error.ts";
import { readJson, reasonOf, writeJson } from "./write-json.ts";

const LEFTOVER_PATIENCE_MS = 3_000;
/** Beginning of the names of the lock's files. */
const LOCK = "supervisor.lock";

const identity = z.object({ pid: z.number().int(), started: z.string() });

/** `stack.json`: addresses and processes of the stack that runs on a data directory. */
const livingStack = z.object({
  supervisor: identity,
  url: z.string(),
  addresses: z.record(z.string(), z.string()),
  parts: z.record(z.string(), identity),
});
export type LivingStack = z.infer<typeof livingStack>;

/** A data directory held by this process alone. */
export interface DataDirectory {
  path: string;
  file(name: string): string;
  /** Replaces `stack.json`. */
  publish(stack: Omit<LivingStack, "supervisor">): void;
  /** Removes `stack.json` and releases the lock. */
  release(): void;
}

/** The content of `stack.json`, whether or not that stack still runs; undefined when it is missing or damaged. */
export function readLivingStack(directory: string): LivingStack | undefined {
  try {
    return livingStack.safeParse(readJson(join(directory, "stack.json"))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Locks the directory for this process, then ends the processes that a killed supervisor left behind. `fresh` also empties it.
 * @throws StackError while another supervisor runs on it, or when it cannot be written.
 */
export async function takeDataDirectory(directory: string, { fresh = false } = {}): Promise<DataDirectory> {
  const path = resolve(directory);
  const lock = takeLock(path);
  const before = readLivingStack(path);
  await Promise.all(Object.values(before?.parts ?? {}).map((part) => endProcess(part, LEFTOVER_PATIENCE_MS)));
  const file = (name: string) => join(path, name);
  if (fresh) {
    const stale = readdirSync(path).filter((name) => !name.startsWith(LOCK));
    for (const name of stale) rmSync(file(name), { recursive: true, force: true });
  }
  return {
    path,
    file,
    publish: (stack) => writeJson(file("stack.json"), { supervisor: identify(process.pid), ...stack }),
    release: () => {
      rmSync(file("stack.json"), { force: true });
      lock.release();
    },
  };
}

function takeLock(path: string): ProcessLock {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return takeProcessLock(join(path, LOCK));
  } catch (error) {
    throw new StackError(
      error instanceof LockHeld
        ? `A stack already runs on ${path} (process ${error.pid ?? "unknown"}). Stop it first, or pass another directory with --data.`
        : `The data directory ${path} cannot be written: ${reasonOf(error)}. Pass one of your own with --data.`,
    );
  }
}
