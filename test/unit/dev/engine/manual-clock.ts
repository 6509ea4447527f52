import type { Clock } from "../../../../dev/engine/clock.ts";

/** A clock that stands still until it is advanced. `isAwaited`: whether something waits for a time. */
export function manualClock(): Clock & { advance(byMs: number): void; isAwaited(atMs: number): boolean } {
  let nowMs = Date.now();
  let wakes: { atMs: number; wake: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    wakeAt(atMs, wake) {
      const entry = { atMs, wake };
      wakes.push(entry);
      return () => (wakes = wakes.filter((other) => other !== entry));
    },
    isAwaited: (atMs) => wakes.some((entry) => entry.atMs === atMs),
    advance(byMs) {
      nowMs += byMs;
      const due = wakes.filter(({ atMs }) => atMs <= nowMs);
      wakes = wakes.filter((entry) => !due.includes(entry));
      for (const { wake } of due) wake();
    },
  };
}
