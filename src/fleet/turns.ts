import { withinOr } from "../within.ts";

/**
 * Lets what belongs to one key happen one after the other, and what belongs to others at the same time: a tenant that sends
 * fifty batches at once keeps one connection of the database busy instead of fifty. Kept by an isolate.
 */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();
  readonly #patienceMs: number;

  /** @param patienceMs longest wait for a turn; a request that was cancelled never ends its own */
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
