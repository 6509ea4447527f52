import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When the process started, in the system's own notation. */
  started: string;
}

/** Start time of a living process, or null when there is none of that number. A zombie counts as gone. */
export function startTimeOf(pid: number): string | null {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The second field is the command in parentheses and may itself contain spaces and parentheses.
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
