import { delay } from "../../within.ts";

/** A holder may end without giving its slot back; it is free again after this time. */
const HELD_AT_MOST_MS = 5000;
const LOOK_EVERY_MS = 10;

/**
 * Semaphore over all objects of an isolate. Waiting objects poll with own timers: awaiting the promise of another object would
 * continue in that object's context.
 */
export class Slots {
  readonly #count: number;
  /** Epoch ms at which each taken slot expires. */
  readonly #taken = new Map<symbol, number>();

  constructor(count: number) {
    this.#count = count;
  }

  get areTaken(): boolean {
    const nowMs = Date.now();
    for (const [slot, untilMs] of this.#taken) if (untilMs <= nowMs) this.#taken.delete(slot);
    return this.#taken.size >= this.#count;
  }

  /** Waits for a slot. Returns the function that gives it back. */
  async take(): Promise<() => void> {
    while (this.areTaken) await delay(LOOK_EVERY_MS);
    const slot = Symbol("slot");
    this.#taken.set(slot, Date.now() + HELD_AT_MOST_MS);
    return () => {
      this.#taken.delete(slot);
    };
  }
}
