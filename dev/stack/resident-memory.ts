import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface Row {
  pid: number;
  parent: number;
  bytes: number;
}

const PAGE_BYTES = 4096;

function rowsFromProc(): Row[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [{ pid: Number(name), parent: Number(fields[1]), bytes: Number(fields[21]) * PAGE_BYTES }];
    } catch {
      return [];
    }
  });
}

function rowsFromPs(): Row[] {
  const text = execFileSync("ps", ["-axo", "pid=,ppid=,rss="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [pid, parent, kilobytes] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined || kilobytes === undefined
      ? []
      : [{ pid, parent, bytes: kilobytes * 1024 }];
  });
}

/** Resident bytes of a process and its descendants. Shared pages are counted once per process. */
export function residentBytes(root: number): number {
  const rows = process.platform === "linux" ? rowsFromProc() : rowsFromPs();
  const tree = new Set([root]);
  // A parent may come after its children in the list, so repeat until nothing is added.
  for (let before = 0; before !== tree.size;) {
    before = tree.size;
    for (const row of rows) if (tree.has(row.parent)) tree.add(row.pid);
  }
  return rows.reduce((sum, row) => sum + (tree.has(row.pid) ? row.bytes : 0), 0);
}

/** Samples the memory of this process and its descendants until `stop`, which returns the highest sum in bytes. */
export function watchResidentBytes(intervalMs = 250): { stop(): number } {
  let peak = residentBytes(process.pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(process.pid));
  }, intervalMs);
  return {
    stop: () => {
      clearInterval(timer);
      return Math.max(peak, residentBytes(process.pid));
    },
  };
}
