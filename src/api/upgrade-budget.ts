import { senderNetwork } from "../fleet/sender-network.ts";
import { RateWindows, type RateContext } from "./http/rate-window.ts";

interface Attempt {
  ip: string;
  /** Session name, `""` when the path names none. */
  name: string;
}

const WINDOW_SECONDS = 60;

/** What earlier failures mean for an attempt. */
export interface Standing {
  /** Seconds until the window ends that the sender's network used up, or this identity on a network that failed too; 0: none. */
  overForSeconds: number;
  /** The identity's failures are used up, but none came from the sender's network: it is let in, later. */
  isSlowed: boolean;
}

/**
 * Failed upgrades per minute, by network (see `senderNetwork`) and by identity, counted in this isolate and shared with the
 * others in the background. Successful logins never count: whole fleets sit behind one address. Nothing asks the shared counter
 * before the first failure, so that a storm of reconnects never reaches it.
 */
export class UpgradeBudget {
  readonly #windows = new RateWindows({ failOpen: false });

  /** An identity's window alone refuses nobody, or anybody could lock a station out. */
  standing(attempt: Attempt, limit: number, nowMs: number): Standing {
    const [byIp, byName] = keysOf(attempt).map((key) => this.#windows.peek(key, allowanceOf(limit), nowMs));
    const isNameOver = byName?.allowed === false;
    if (!byIp || byIp.quota.remaining > limit) return { overForSeconds: 0, isSlowed: isNameOver };
    const over = [byIp, byName].filter((verdict) => verdict?.allowed === false);
    const seconds = over.map((verdict) => verdict?.quota.resetSeconds ?? 0);
    return { overForSeconds: Math.max(0, ...seconds), isSlowed: false };
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
  const byIp = `upgrade-ip:${senderNetwork(ip)}`;
  return name === "" ? [byIp] : [byIp, `upgrade-name:${name}`];
}
