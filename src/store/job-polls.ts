import type { Job } from "../ports.ts";
import { delay } from "../within.ts";

/** Age in ms from which a cached running job is read again. */
const FRESH_MS = 500;
/** Time in ms that other requests are served the cached job while one request reads; after it the next request reads. */
const PATIENCE_MS = 1000;
/** Age in ms from which a job that could not be read again is no longer served. */
const STALE_MS = 5000;
const WAIT_STEP_MS = 25;
const ENTRIES_MAX = 1000;

interface Entry {
  /** Null until the first read has ended. */
  job: Job | null;
  loadedAtMs: number;
  /** Epoch ms since when a request reads the job; null: none does. */
  readingSinceMs: number | null;
}

/**
 * Cache of running jobs, at most about one second old: any number of pollers costs two reads per second and isolate.
 * Requests share values and not promises, because workerd may cancel a promise with the request that made it. Finished
 * jobs are not cached: their answers are large, contain rows that change, and each client needs one once. An isolate that
 * changes the status of a job forgets it, so that its next poll sees the change.
 */
export class JobPolls {
  readonly #entries = new Map<string, Entry>();

  /** @param key begins with the id of the job */
  async get(key: string, load: () => Promise<Job | null>, nowMs: number): Promise<Job | null> {
    const entry = this.#entries.get(key);
    if (entry === undefined || !isServable(entry, nowMs)) return this.#read(key, entry, load, nowMs);
    return entry.job ?? (await this.#firstRead(key, entry)) ?? load();
  }

  /** The status of the job has changed. A read that is under way does not come back into the cache. */
  forget(jobId: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(jobId)) this.#entries.delete(key);
  }

  /** Waits for the read of another request. Null: it ended without a running job, or takes too long. */
  async #firstRead(key: string, entry: Entry): Promise<Job | null> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += WAIT_STEP_MS) {
      await delay(WAIT_STEP_MS);
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
    // A read that began later has replaced the entry; its result is newer.
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
