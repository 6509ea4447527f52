import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { temporaryDirectory } from "../../harness/temporary-directory.ts";

/** Clock ticks a second of `/proc/PID/stat`; a constant of Linux. */
const TICKS_PER_SECOND = 100;

/** Processor time of a process so far, user and system, ms. Null where there is no `/proc`. */
export function cpuMs(pid: number): number | null {
  const fields = fileOf(pid, "stat")
    ?.replace(/^.*\) /, "")
    .split(" ");
  if (!fields) return null;
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function fileOf(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return null;
  }
}

/** What a process did to files, counted at its system calls. */
export interface DiskUse {
  bytes: number;
  writes: number;
  syncs: number;
  /** Bytes by kind of file: the end of its name. */
  bytesByFile: Record<string, number>;
}

/** Whether system calls can be counted. */
export function hasStrace(): boolean {
  try {
    execFileSync("strace", ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Counts the writes to files and the syncs of a process while `work` runs. Slows the process down, so that rates are measured
 * without it.
 */
export async function traceDisk(pid: number, work: () => Promise<void>): Promise<DiskUse> {
  const directory = temporaryDirectory();
  const file = `${directory.path}/trace`;
  const calls = "trace=pwrite64,pwritev,fsync,fdatasync";
  const tracer = spawn("strace", ["-f", "-y", "-s", "0", "-e", calls, "-o", file, "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  // One line for each process it attached to; the threads of one follow at once.
  await once(createInterface(tracer.stderr), "line");
  await work();
  const ended = once(tracer, "exit");
  tracer.kill("SIGINT");
  await ended;
  const use = parseTrace(readFileSync(file, "utf8"));
  directory.remove();
  return use;
}

/** Reads lines like `7 pwrite64(35</data/a.sqlite-wal>, ""..., 4096, 32) = 4096`, and those of calls that were interrupted. */
export function parseTrace(text: string): DiskUse {
  const use: DiskUse = { bytes: 0, writes: 0, syncs: 0, bytesByFile: {} };
  for (const line of text.split("\n")) {
    const [, call, path = ""] = /(pwritev?6?4?|fsync|fdatasync)\(\d+<([^>]*)>/.exec(line) ?? [];
    if (call === undefined) continue;
    if (call.startsWith("f")) {
      use.syncs++;
      continue;
    }
    const length = writtenLength(line);
    const kind = /(\.sqlite(?:-\w+)?|[^/.]*)$/.exec(path)?.[1] ?? "";
    use.writes++;
    use.bytes += length;
    use.bytesByFile[kind] = (use.bytesByFile[kind] ?? 0) + length;
  }
  return use;
}

/** A vector of parts tells the length of each. */
function writtenLength(line: string): number {
  const parts = [...line.matchAll(/iov_len=(\d+)/g)];
  if (parts.length > 0) return parts.reduce((sum, [, length]) => sum + Number(length), 0);
  return Number(/, (\d+), \d+(?:\)| <unfinished)/.exec(line)?.[1] ?? 0);
}
