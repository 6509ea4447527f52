interface Attempt {
  ip: string;
  /** Session name, `""` when the path names none. */
  name: string;
}

const WINDOW_MS = 60_000;
const GOOD_PAIR_MS = 24 * 60 * 60 * 1000;
const ENTRIES_MAX = 20_000;

/**
 * Failed upgrades per minute, by address and by identity, in this isolate. Successful logins never count: whole fleets sit behind
 * one address. Nobody can lock a station out: a pair that logged in during the last day still gets in, and so does an
 * attempt from an address without failures.
 */
export class UpgradeBudget {
  readonly #failures = new Map<string, { count: number; endsAtMs: number }>();
  readonly #goodPairs = new Map<string, number>();

  /** Milliseconds until the attempt may be made; 0: now. */
  blockedForMs({ ip, name }: Attempt, limit: number, nowMs: number): number {
    if ((this.#goodPairs.get(pairKey(ip, name)) ?? 0) > nowMs - GOOD_PAIR_MS) return 0;
    const byIp = this.#window(`ip ${ip}`, nowMs);
    if (!byIp) return 0;
    const byName = this.#window(`name ${name}`, nowMs);
    const over = [byIp, byName].filter((window) => window !== null).filter(({ count }) => count > limit);
    return Math.max(0, ...over.map(({ endsAtMs }) => endsAtMs - nowMs));
  }

  failed({ ip, name }: Attempt, nowMs: number): void {
    for (const key of name === "" ? [`ip ${ip}`] : [`ip ${ip}`, `name ${name}`]) {
      const window = this.#window(key, nowMs) ?? { count: 0, endsAtMs: nowMs + WINDOW_MS };
      window.count++;
      put(this.#failures, key, window);
    }
  }

  succeeded({ ip, name }: Attempt, nowMs: number): void {
    put(this.#goodPairs, pairKey(ip, name), nowMs);
  }

  #window(key: string, nowMs: number) {
    const window = this.#failures.get(key);
    return window && window.endsAtMs > nowMs ? window : null;
  }
}

function pairKey(ip: string, name: string): string {
  return `${ip} ${name}`;
}

/** Forgets the oldest entry when the map is full. */
function put<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > ENTRIES_MAX && oldest !== undefined) map.delete(oldest);
}
