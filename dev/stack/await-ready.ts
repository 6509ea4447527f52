import { setTimeout as delay } from "node:timers/promises";
import { StackError } from "./stack-error.ts";

const DEADLINE_MS = 60_000;

/** Waits until `/readyz` is green. `aborted` ends the wait early, with its reason. */
export async function awaitReady(url: string, aborted: AbortSignal): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  let last = "no answer";
  while (Date.now() < deadline) {
    aborted.throwIfAborted();
    try {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
      const body = await answer.text();
      if (answer.status === 200) return;
      last = `${answer.status} ${body}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(100);
  }
  throw new StackError(
    `${url}/readyz did not turn green within ${DEADLINE_MS / 1000} s. Last answer: ${last}`,
  );
}
