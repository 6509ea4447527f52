/** Frames per second that are handled without delay, and the burst above which answers are delayed. */
const RATE_PER_SECOND = 1000;
const BURST = 5000;
/** Frames over the burst at which the line is closed. A station that waits for its answers is never more than one behind. */
const DEBT_MAX = 2000;
/** Waiting frames are kept in memory, so a large frame counts as several. */
const LENGTH_UNIT = 4 * 1024;
const MALFORMED_IN_A_ROW_MAX = 10;
const MALFORMED_PER_MINUTE_MAX = 50;
const MINUTE_MS = 60_000;

/**
 * Rate limit of one line. Backlogs of months are legal and only slowed down: a delayed answer delays the next CALL of a station
 * that sends one CALL at a time.
 */
export class TrafficGuard {
  #debt = 0;
  #atMs = 0;
  #malformedInARow = 0;
  #malformedAtMs: number[] = [];

  /** Milliseconds to wait before this frame is handled, increasing in order of arrival; null: the station floods. */
  take(frameLength: number, nowMs: number): number | null {
    const paid = ((nowMs - this.#atMs) * RATE_PER_SECOND) / 1000;
    this.#debt = Math.max(0, this.#debt - Math.max(0, paid)) + 1 + frameLength / LENGTH_UNIT;
    this.#atMs = nowMs;
    if (this.#debt > BURST + DEBT_MAX) return null;
    return Math.max(0, Math.ceil(((this.#debt - BURST) * 1000) / RATE_PER_SECOND));
  }

  wellFormed(): void {
    this.#malformedInARow = 0;
  }

  /** Counts a malformed frame. True: too many, the line should be closed. */
  malformed(nowMs: number): boolean {
    this.#malformedInARow++;
    this.#malformedAtMs = [...this.#malformedAtMs.filter((atMs) => atMs > nowMs - MINUTE_MS), nowMs];
    return (
      this.#malformedInARow > MALFORMED_IN_A_ROW_MAX || this.#malformedAtMs.length >= MALFORMED_PER_MINUTE_MAX
    );
  }
}
