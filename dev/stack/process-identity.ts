import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process, told apart from a later one with the same pid by its start time. */
export interface ProcessIdentity {
  pid: number;
  /** Start time as the system writes it: clock ticks since boot on Linux, a date elsewhere. Empty: unknown. */
  started: string;
}

/** Start time of a running process; null when there is none with that pid, or it is a zombie. */
function startTimeOf(pid: number): string | null {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The second field is the command in parentheses, which may contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}

function fromPs(pid: number): string | null {
  try {
    const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return text === "" || text.startsWith("Z") ? null : text.replace(/^\S+\s+/, "");
  } catch {
    return null;
  }
}

export function identify(pid: number): ProcessIdentity {
  return { pid, started: startTimeOf(pid) ?? "" };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identity.started !== "" && startTimeOf(identity.pid) === identity.started;
}
