import { setTimeout as delay } from "node:timers/promises";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";

const POLL_INTERVAL_MS = 25;

/** Signals the process group that the process leads, or the process alone when it leads none. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // There is no such group or process. When both are missing, it has ended already.
    }
  }
}

/** Sends SIGTERM, and SIGKILL after `patienceMs`. Resolves when the process has ended. */
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
