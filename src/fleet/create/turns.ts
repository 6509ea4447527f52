import { withinOr } from "../../within.ts";

/**
 * Runs work of one key one after the other, and work of different keys in parallel. Per isolate: fifty simultaneous
 * batches of one organisation use one database connection instead of fifty.
 */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();
  readonly #patienceMs: number;

  /** @param patienceMs longest wait for the previous work, which may never end if its request was cancelled */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const own = Promise.withResolvers<void>();
    this.#last.set(key, own.promise);
    try {
      if (before) await withinOr(this.#patienceMs, before, undefined);
      return await work();
    } finally {
      own.resolve();
      if (this.#last.get(key) === own.promise) this.#last.delete(key);
    }
  }
}
