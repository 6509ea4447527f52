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
