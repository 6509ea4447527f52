import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { endProcess } from "./end-process.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { StackError } from "./stack-error.ts";
import { readJson, reasonOf, writeJson } from "./write-json.ts";

const LEFTOVER_PATIENCE_MS = 3_000;

const identity = z.object({ pid: z.number().int(), started: z.string() });

/** `stack.json`: addresses and processes of the stack that lives on a data directory. */
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
  /** Removes `stack.json` and gives the directory up. */
  release(): void;
}

/** What `stack.json` says, whether or not that stack still lives; a damaged file says nothing. */
export function readLivingStack(directory: string): LivingStack | undefined {
  try {
    return livingStack.safeParse(readJson(join(directory, "stack.json"))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Takes the directory for this process. Parts a killed supervisor left behind are ended first; `fresh` then empties it.
 * @throws StackError while another supervisor lives on it, or when it cannot be written.
 */
export async function takeDataDirectory(directory: string, { fresh = false } = {}): Promise<DataDirectory> {
  const path = resolve(directory);
  const lockFile = join(path, "supervisor.lock");
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    takeLock(lockFile, path);
  } catch (error) {
    if (error instanceof StackError) throw error;
    throw new StackError(
      `The data directory ${path} cannot be written: ${reasonOf(error)}. Pass one of your own with --data.`,
    );
  }
  const before = readLivingStack(path);
  await Promise.all(Object.values(before?.parts ?? {}).map((part) => endProcess(part, LEFTOVER_PATIENCE_MS)));
  const file = (name: string) => join(path, name);
  if (fresh) {
    const stale = readdirSync(path).filter((name) => file(name) !== lockFile);
    for (const name of stale) rmSync(file(name), { recursive: true, force: true });
  }
  return {
    path,
    file,
    publish: (stack) => writeJson(file("stack.json"), { supervisor: identify(process.pid), ...stack }),
    release: () => {
      rmSync(file("stack.json"), { force: true });
      rmSync(lockFile, { force: true });
    },
  };
}

function takeLock(lockFile: string, directory: string): void {
  const own = JSON.stringify(identify(process.pid));
  for (;;) {
    if (createExclusively(lockFile, own)) return;
    const holder = readHolder(lockFile);
    if (holder && isAlive(holder)) {
      throw new StackError(
        `A stack already runs on ${directory} (process ${holder.pid}). Stop it first, or pass another directory with --data.`,
      );
    }
    moveStaleLock(lockFile);
  }
}

/** Of several starters that saw the same stale lock, one moves it; the others may get hold of its successor. */
function moveStaleLock(lockFile: string): void {
  const moved = `${lockFile}.${process.pid}`;
  try {
    renameSync(lockFile, moved);
    const holder = readHolder(moved);
    if (holder && isAlive(holder)) linkSync(moved, lockFile);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "EEXIST")) throw error;
  }
  rmSync(moved, { force: true });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function createExclusively(file: string, text: string): boolean {
  try {
    const handle = openSync(file, "wx", 0o600);
    try {
      writeSync(handle, text);
    } catch (error) {
      // An empty lock, as on a full disk, would hold nobody off.
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(handle);
    }
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function readHolder(lockFile: string): ProcessIdentity | undefined {
  try {
    return identity.safeParse(JSON.parse(readFileSync(lockFile, "utf8"))).data;
  } catch {
    return undefined;
  }
}
