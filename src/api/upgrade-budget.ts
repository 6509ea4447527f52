import { RateWindows, type RateContext } from "./http/rate-window.ts";

interface Attempt {
  ip: string;
  /** Session name, `""` when the path names none. */
  name: string;
}

const WINDOW_SECONDS = 60;

/**
 * Failed upgrades per minute, by address and by identity, counted in this isolate and shared with the others in the background.
 * Successful logins never count: whole fleets sit behind one address. Nothing asks the shared counter before the first failure, so
 * that a storm of reconnects never reaches it.
 */
export class UpgradeBudget {
  readonly #windows = new RateWindows({ failOpen: false });

  /**
   * Seconds until the window ends that is used up; 0: none is. An identity's counts only where the address failed too, or
   * anybody could lock a station out.
   */
  overForSeconds(attempt: Attempt, limit: number, nowMs: number): number {
    const [byIp, byName] = keysOf(attempt).map((key) => this.#windows.peek(key, allowanceOf(limit), nowMs));
    if (!byIp || byIp.quota.remaining > limit) return 0;
    const over = [byIp, byName].filter((verdict) => verdict?.allowed === false);
    return Math.max(0, ...over.map((verdict) => verdict?.quota.resetSeconds ?? 0));
  }

  failed(attempt: Attempt, limit: number, context: RateContext): void {
    for (const key of keysOf(attempt))
      context.background(this.#windows.take(key, allowanceOf(limit), context));
  }
}

/** The failure after the last one that the limit allows is still answered as what it is. */
function allowanceOf(limit: number) {
  return { limit: limit + 1, windowSeconds: WINDOW_SECONDS };
}

function keysOf({ ip, name }: Attempt): string[] {
  return name === "" ? [`upgrade-ip:${ip}`] : [`upgrade-ip:${ip}`, `upgrade-name:${name}`];
}
