import type { Background } from "../../ports.ts";

const FRESH_MS = 10_000;
const REFRESH_FROM_MS = 5_000;
const REFRESH_PATIENCE_MS = 2_000;
const ABSENT_MS = 1_000;
const ENTRIES_MAX = 10_000;

interface Entry<T> {
  value: T;
  /** When the look-up began: what changed later may be missing from it. */
  loadedAtMs: number;
  refreshingSinceMs: number | null;
}

/**
 * Look-ups remembered in the isolate: a value is used for 10 s and looked up again in the background from the
 * 5th second, so that steady traffic never waits; an absence is remembered for 1 s.
 */
export class RefreshingCache<T> {
  #entries = new Map<string, Entry<T>>();
  #absent = new Map<string, number>();

  async get(
    key: string,
    load: () => Promise<T | null>,
    nowMs: number,
    background: Background,
  ): Promise<T | null> {
    const entry = this.#entries.get(key);
    if (entry && nowMs - entry.loadedAtMs < FRESH_MS) {
      this.#refreshEarly(key, entry, load, nowMs, background);
      return entry.value;
    }
    const absentSinceMs = this.#absent.get(key);
    if (absentSinceMs !== undefined && nowMs - absentSinceMs < ABSENT_MS) return null;
    // Never shared between requests: workerd may abandon a promise with the request that made it.
    return this.#store(key, await load(), nowMs);
  }

  /** True when the key was found once, however long ago. */
  knows(key: string): boolean {
    return this.#entries.has(key);
  }

  forget(matches: (value: T) => boolean): void {
    for (const [key, entry] of this.#entries) if (matches(entry.value)) this.#entries.delete(key);
  }

  #refreshEarly(
    key: string,
    entry: Entry<T>,
    load: () => Promise<T | null>,
    nowMs: number,
    background: Background,
  ): void {
    if (nowMs - entry.loadedAtMs < REFRESH_FROM_MS) return;
    if (entry.refreshingSinceMs !== null && nowMs - entry.refreshingSinceMs < REFRESH_PATIENCE_MS) return;
    entry.refreshingSinceMs = nowMs;
    // A failed refresh changes nothing: the value stays until its 10 s are over.
    background(
      load().then(
        (value) => this.#store(key, value, nowMs),
        () => undefined,
      ),
    );
  }

  #store(key: string, value: T | null, loadedAtMs: number): T | null {
    this.#entries.delete(key);
    this.#absent.delete(key);
    if (value === null) remember(this.#absent, key, loadedAtMs);
    else remember(this.#entries, key, { value, loadedAtMs, refreshingSinceMs: null });
    return value;
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  if (map.size <= ENTRIES_MAX) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
