import type { Job } from "../../ports.ts";

/** A running job is read again from this age on; the answer that reads it costs one look at the database. */
const FRESH_MS = 500;
/** While one request reads, the others are served what is known; then the next one tries. */
const PATIENCE_MS = 1000;
/** A value that nobody could renew for so long is not served any more. */
const STALE_MS = 5000;
const WAIT_STEP_MS = 25;
const ENTRIES_MAX = 1000;

interface Entry {
  /** Null while the first read is under way. */
  job: Job | null;
  loadedAtMs: number;
  /** Null while nobody reads. */
  readingSinceMs: number | null;
}

/**
 * Running jobs as they were at most about a second ago, so that any number of pollers costs the database two looks
 * per second and isolate. Requests share values, never promises: workerd may abandon a promise with the request that
 * made it. Terminal jobs are not kept: their answer is megabytes, shows live rows, and every client needs it once.
 */
export class JobPolls {
  readonly #entries = new Map<string, Entry>();

  async get(key: string, load: () => Promise<Job | null>, nowMs: number): Promise<Job | null> {
    const entry = this.#entries.get(key);
    if (entry === undefined || !isServable(entry, nowMs)) return this.#read(key, entry, load, nowMs);
    return entry.job ?? (await this.#firstRead(key, entry)) ?? load();
  }

  /** Waits for the request that came first; null when it found nothing to share. */
  async #firstRead(key: string, entry: Entry): Promise<Job | null> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += WAIT_STEP_MS) {
      await new Promise((resolve) => setTimeout(resolve, WAIT_STEP_MS));
      const known = this.#entries.get(key);
      if (known !== entry) return known?.job ?? null;
    }
    return null;
  }

  async #read(
    key: string,
    before: Entry | undefined,
    load: () => Promise<Job | null>,
    nowMs: number,
  ): Promise<Job | null> {
    const reading: Entry = {
      job: before?.job ?? null,
      loadedAtMs: before?.loadedAtMs ?? nowMs,
      readingSinceMs: nowMs,
    };
    this.#put(key, reading);
    // Whoever read later knows better and has put an entry of its own.
    const settle = (known: Entry | null) => {
      if (this.#entries.get(key) !== reading) return;
      if (known) this.#put(key, known);
      else this.#entries.delete(key);
    };
    try {
      const job = await load();
      settle(job && isRunning(job) ? { job, loadedAtMs: nowMs, readingSinceMs: null } : null);
      return job;
    } catch (error) {
      settle(reading.job && { ...reading, readingSinceMs: null });
      throw error;
    }
  }

  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= ENTRIES_MAX) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}

function isServable({ loadedAtMs, readingSinceMs }: Entry, nowMs: number): boolean {
  const ageMs = nowMs - loadedAtMs;
  if (ageMs < FRESH_MS) return true;
  return readingSinceMs !== null && nowMs - readingSinceMs < PATIENCE_MS && ageMs < STALE_MS;
}

function isRunning({ status }: Job): boolean {
  return status === "PENDING" || status === "PROVISIONING";
}
