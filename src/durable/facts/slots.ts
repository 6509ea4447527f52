/** Whoever holds a slot may end without giving it back: others then go on without it. */
const HELD_AT_MOST_MS = 5000;

/**
 * Bounds how much is under way at once, over all objects of an isolate. Whoever waits looks at the promises of those who hold a
 * slot: an object may wait for another one's promise, but one that it resolved for another object would have that one go on
 * in the wrong context.
 */
export class Slots {
  readonly #count: number;
  /** Until when each is held; its promise ends with it. */
  readonly #taken = new Map<Promise<void>, number>();

  constructor(count: number) {
    this.#count = count;
  }

  get areTaken(): boolean {
    const nowMs = Date.now();
    for (const [slot, untilMs] of this.#taken) if (untilMs <= nowMs) this.#taken.delete(slot);
    return this.#taken.size >= this.#count;
  }

  /** Waits for a slot; what it resolves with gives the slot back. */
  async take(): Promise<() => void> {
    while (this.areTaken) await this.#turn();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#taken.set(promise, Date.now() + HELD_AT_MOST_MS);
    return () => {
      this.#taken.delete(promise);
      resolve();
    };
  }

  async #turn(): Promise<void> {
    const expired = Promise.withResolvers<void>();
    const freeAtMs = Math.min(...this.#taken.values());
    const timer = setTimeout(() => expired.resolve(), Math.max(0, freeAtMs - Date.now()));
    await Promise.race([...this.#taken.keys(), expired.promise]);
    clearTimeout(timer);
  }
}
