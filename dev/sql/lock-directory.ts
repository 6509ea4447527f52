import { link, mkdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { startTimeOf } from "../stack/process-identity.ts";

export type DirectoryLock = { release(): Promise<void> };

type Holder = { pid: number; startedAt: string };

let lockCount = 0;

/**
 * Takes the lock file `<directory>.lock` for this process. A lock whose process is gone, or whose pid
 * now belongs to a process started at another time, is taken over.
 * @throws Error naming the holder when a living process has it.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = `${directory}.lock`;
  const mine = JSON.stringify({ pid: process.pid, startedAt: startTimeOf(process.pid) ?? "" });
  // Linking a finished file is atomic: nobody ever reads a half-written lock.
  const draft = `${path}.${process.pid}.${lockCount++}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, mine);
  try {
    while (!(await tryLink(draft, path))) await removeStaleLock(path, draft, directory);
  } finally {
    await unlink(draft);
  }
  return {
    release: async () => {
      if ((await readLock(path)) === mine) await rm(path, { force: true });
    },
  };
}

async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Only the holder of a second lock may remove a stale one, so that nobody removes the lock of its successor. */
async function removeStaleLock(path: string, draft: string, directory: string): Promise<void> {
  await refuseLivingHolder(path, directory);
  const guard = `${path}.takeover`;
  if (!(await tryLink(draft, guard))) {
    const holder = parseHolder(await readLock(guard));
    if (!holder || !isAlive(holder)) await rm(guard, { force: true });
    return;
  }
  try {
    await refuseLivingHolder(path, directory);
    await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function refuseLivingHolder(path: string, directory: string): Promise<void> {
  const holder = parseHolder(await readLock(path));
  if (holder && isAlive(holder)) {
    throw new Error(`data directory ${directory} is in use by process ${holder.pid}`);
  }
}

async function readLock(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseHolder(text = ""): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("pid" in value) || !("startedAt" in value)) return;
    return typeof value.pid === "number" ? { pid: value.pid, startedAt: String(value.startedAt) } : undefined;
  } catch {
    return undefined;
  }
}

/** A pid may by now belong to a process that started at another time, where the system tells the time. */
function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return (startTimeOf(pid) ?? "") === startedAt;
}
