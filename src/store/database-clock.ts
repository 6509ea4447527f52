/**
 * Estimate of the database's clock. Its offset from ours lies between two bounds that every exchange narrows. An
 * exchange outside of them means that a clock was set, and the estimate starts again.
 */
export class DatabaseClock {
  #leastAheadMs = Number.NEGATIVE_INFINITY;
  #mostAheadMs = Number.POSITIVE_INFINITY;

  /** False before the first exchange. */
  get isKnown(): boolean {
    return Number.isFinite(this.#leastAheadMs);
  }

  /**
   * Records an exchange, all in epoch ms: the database read its clock between `sentAtMs` and `answeredAtMs` of ours.
   */
  observe(databaseMs: number, sentAtMs: number, answeredAtMs: number): void {
    const least = databaseMs - answeredAtMs;
    const most = databaseMs - sentAtMs;
    const contradicts = least > this.#mostAheadMs || most < this.#leastAheadMs;
    this.#leastAheadMs = contradicts ? least : Math.max(least, this.#leastAheadMs);
    this.#mostAheadMs = contradicts ? most : Math.min(most, this.#mostAheadMs);
  }

  /** Converts epoch ms of our clock to the database's, rounded to the earlier bound. */
  at(ourMs: number): number {
    return ourMs + (this.isKnown ? this.#leastAheadMs : 0);
  }
}
