import { delay } from "../../within.ts";

/** Whoever holds a slot may end without giving it back: others then go on without it. */
const HELD_AT_MOST_MS = 5000;
const LOOK_EVERY_MS = 10;

/**
 * Bounds how much is under way at once, over all objects of an isolate. Whoever waits looks for a free slot by timers of its own: an
 * object that went on with the promise of another one would run in that one's context.
 */
export class Slots {
  readonly #count: number;
  /** Until when each is held. */
  readonly #taken = new Map<symbol, number>();

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
    while (this.areTaken) await delay(LOOK_EVERY_MS);
    const slot = Symbol("slot");
    this.#taken.set(slot, Date.now() + HELD_AT_MOST_MS);
    return () => {
      this.#taken.delete(slot);
    };
  }
}
