import { Unavailable } from "../../errors.ts";
import type { Background } from "../../ports.ts";
import { withinOr } from "../../within.ts";

const FRESH_MS = 10_000;
const REFRESH_PATIENCE_MS = 2_000;
const AWAY_PATIENCE_MS = 100;
const ABSENT_MS = 1_000;
const ENTRIES_MAX = 10_000;
const LOG_EVERY_MS = 60_000;

interface Entry<T> {
  value: T;
  /** Epoch ms at which the look-up began; later changes may be missing. */
  loadedAtMs: number;
  refreshingSinceMs: number | null;
}

interface CacheOptions {
  /** How long a value is used without being looked up. Default: 10 s. */
  freshMs?: number;
  /** Largest age in ms of a value used while the source does not answer. Default: no value is used. */
  keptMs?: number;
  /** Time in ms that a look-up may take before the cached value is used instead. */
  patienceMs?: number;
  entriesMax?: number;
  /** Called at most once a minute with the age of a value that was used although the source did not answer. */
  onStandIn?: (ageMs: number) => void;
}

/**
 * Cache of look-ups in the isolate. A value is used while it is fresh. From half of that time on it is looked up again in
 * the background, so that steady traffic never waits. An absence is cached for 1 s. While the source does not answer, the
 * last value is used for a bounded time and looked up in the background.
 */
export class RefreshingCache<T> {
  #entries = new Map<string, Entry<T>>();
  #absent = new Map<string, number>();
  #isSourceAway = false;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  readonly #options: Required<CacheOptions>;

  constructor({
    freshMs = FRESH_MS,
    keptMs = 0,
    patienceMs = 500,
    entriesMax = ENTRIES_MAX,
    onStandIn = () => undefined,
  }: CacheOptions = {}) {
    this.#options = { freshMs, keptMs, patienceMs, entriesMax, onStandIn };
  }

  async get(
    key: string,
    load: () => Promise<T | null>,
    nowMs: number,
    background: Background,
  ): Promise<T | null> {
    const { freshMs, keptMs } = this.#options;
    const entry = this.#entries.get(key);
    const ageMs = nowMs - (entry?.loadedAtMs ?? Number.NEGATIVE_INFINITY);
    if (entry && ageMs < freshMs) {
      if (ageMs >= freshMs / 2) this.#refresh(key, entry, load, nowMs, background);
      return entry.value;
    }
    const absentSinceMs = this.#absent.get(key);
    if (absentSinceMs !== undefined && nowMs - absentSinceMs < Math.min(ABSENT_MS, freshMs)) return null;
    if (entry && ageMs < keptMs) return this.#lookUpOrStandIn(key, entry, load, nowMs, background);
    // The promise is not shared between requests: workerd may cancel it with the request that made it.
    return this.#lookUp(key, load, nowMs);
  }

  /** Whether the key has ever been found. */
  knows(key: string): boolean {
    return this.#entries.has(key);
  }

  forget(matches: (value: T) => boolean): void {
    for (const [key, entry] of this.#entries) if (matches(entry.value)) this.#entries.delete(key);
  }

  /** At most one request in two seconds asks the source. It waits for a bounded time, shorter during a known outage. */
  async #lookUpOrStandIn(
    key: string,
    entry: Entry<T>,
    load: () => Promise<T | null>,
    nowMs: number,
    background: Background,
  ): Promise<T | null> {
    if (isAsked(entry, nowMs)) return this.#standIn(entry, nowMs);
    entry.refreshingSinceMs = nowMs;
    const lookUp = this.#lookUp(key, load, nowMs);
    background(lookUp.catch(() => undefined));
    const patienceMs = this.#isSourceAway ? AWAY_PATIENCE_MS : this.#options.patienceMs;
    try {
      const answer = await withinOr(patienceMs, lookUp, "late" as const);
      if (answer !== "late") return answer;
      this.#isSourceAway = true;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
    return this.#standIn(entry, nowMs);
  }

  #standIn(entry: Entry<T>, nowMs: number): T {
    if (nowMs - this.#toldAtMs >= LOG_EVERY_MS) {
      this.#toldAtMs = nowMs;
      this.#options.onStandIn(nowMs - entry.loadedAtMs);
    }
    return entry.value;
  }

  #refresh(
    key: string,
    entry: Entry<T>,
    load: () => Promise<T | null>,
    nowMs: number,
    background: Background,
  ): void {
    if (isAsked(entry, nowMs)) return;
    entry.refreshingSinceMs = nowMs;
    // A failed refresh changes nothing about the value.
    background(this.#lookUp(key, load, nowMs).catch(() => undefined));
  }

  async #lookUp(key: string, load: () => Promise<T | null>, nowMs: number): Promise<T | null> {
    try {
      const value = await load();
      this.#isSourceAway = false;
      return this.#store(key, value, nowMs);
    } catch (error) {
      this.#isSourceAway ||= error instanceof Unavailable;
      throw error;
    }
  }

  #store(key: string, value: T | null, loadedAtMs: number): T | null {
    // A look-up that began earlier may end later; its result is older.
    if ((this.#entries.get(key)?.loadedAtMs ?? Number.NEGATIVE_INFINITY) > loadedAtMs) return value;
    this.#entries.delete(key);
    this.#absent.delete(key);
    if (value === null) this.#remember(this.#absent, key, loadedAtMs);
    else this.#remember(this.#entries, key, { value, loadedAtMs, refreshingSinceMs: null });
    return value;
  }

  #remember<V>(map: Map<string, V>, key: string, value: V): void {
    map.set(key, value);
    if (map.size <= this.#options.entriesMax) return;
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
}

function isAsked({ refreshingSinceMs }: Entry<unknown>, nowMs: number): boolean {
  return refreshingSinceMs !== null && nowMs - refreshingSinceMs < REFRESH_PATIENCE_MS;
}
