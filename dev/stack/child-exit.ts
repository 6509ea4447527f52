import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

// A grandchild may keep the pipes open; the last lines are worth a short wait, not an endless one.
const DRAIN_MS = 300;

/** How a child ended, told once its last lines have been read. Never rejects. */
export async function childExit(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // `once` rejects with the "error" event of a command that could not be started.
    const failure = await once(child, "exit").then(
      () => null,
      (error: Error) => error.message,
    );
    if (failure !== null) return failure;
    await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]);
  }
  return child.signalCode ? `ended by ${child.signalCode}` : `exit code ${child.exitCode}`;
}
