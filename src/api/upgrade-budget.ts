import { senderNetwork } from "../fleet/address/sender-network.ts";
import { RateWindows, type RateContext } from "./http/rate-window.ts";

interface Attempt {
  ip: string;
  /** Session name, `""` when the path names none. */
  name: string;
}

const WINDOW_SECONDS = 60;

/** How earlier failures limit an attempt. */
export interface Standing {
  /** Seconds until the exhausted window of the network, or of the identity on a network that failed too, ends; 0: none is. */
  overForSeconds: number;
  /** The window of the identity is exhausted by other networks: the attempt is delayed, not refused. */
  isSlowed: boolean;
}

/**
 * Counts failed upgrades per minute by network (see `senderNetwork`) and by identity, in this isolate and, in the background,
 * in the shared counter. Successful logins do not count, because whole fleets share one address. The shared counter is not
 * asked before the first failure, so that mass reconnects do not reach it.
 */
export class UpgradeBudget {
  readonly #windows = new RateWindows({ failOpen: false });

  /** The window of an identity alone refuses nobody; otherwise anybody could lock a station out. */
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

/** One more than the limit: the failure that exhausts the limit is still answered with its own status. */
function allowanceOf(limit: number) {
  return { limit: limit + 1, windowSeconds: WINDOW_SECONDS };
}

function keysOf({ ip, name }: Attempt): string[] {
  const byIp = `upgrade-ip:${senderNetwork(ip)}`;
  return name === "" ? [byIp] : [byIp, `upgrade-name:${name}`];
}
