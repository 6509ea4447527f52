import { setTimeout as delay } from "node:timers/promises";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";

const POLL_INTERVAL_MS = 25;

/** Signals the whole group a part leads, or the process alone where it leads none. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group or process: try the next one; both missing means it is gone already.
    }
  }
}

/** Asks a process to end, and ends it by force after `patienceMs`. Resolves when it is gone. */
export async function endProcess(identity: ProcessIdentity, patienceMs: number): Promise<void> {
  if (!isAlive(identity)) return;
  signalGroup(identity.pid, "SIGTERM");
  const deadline = Date.now() + patienceMs;
  while (isAlive(identity) && Date.now() < deadline) await delay(POLL_INTERVAL_MS);
  while (isAlive(identity)) {
    signalGroup(identity.pid, "SIGKILL");
    await delay(POLL_INTERVAL_MS);
  }
}
