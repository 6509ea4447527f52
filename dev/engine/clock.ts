/** Time source of the engine. `wakeAt` returns a function that cancels the wake-up. */
export interface Clock {
  nowMs(): number;
  wakeAt(atMs: number, wake: () => void): () => void;
}

const timerLimitMs = 2 ** 31 - 1;

/** Wall clock. A wake-up beyond the timer limit comes early; the caller looks again and re-arms. */
export const wallClock: Clock = {
  nowMs: () => Date.now(),
  wakeAt(atMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.max(0, atMs - Date.now()), timerLimitMs));
    return () => clearTimeout(timer);
  },
};

/** A clock that tests move forward, for waits of hours. Timers that were armed before a move have to be armed anew. */
export class MovableClock implements Clock {
  readonly #base: Clock;
  #movedMs: number;

  constructor(base: Clock, movedMs: number) {
    this.#base = base;
    this.#movedMs = movedMs;
  }

  get movedMs(): number {
    return this.#movedMs;
  }

  moveForward(byMs: number): void {
    this.#movedMs += byMs;
  }

  nowMs(): number {
    return this.#base.nowMs() + this.#movedMs;
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    return this.#base.wakeAt(atMs - this.#movedMs, wake);
  }
}
