/**
 * What is known of the database's clock: how far it is ahead of ours lies between two bounds, which every exchange narrows.
 * An exchange that contradicts them tells that a clock was set, and begins anew.
 */
export class DatabaseClock {
  #leastAheadMs = Number.NEGATIVE_INFINITY;
  #mostAheadMs = Number.POSITIVE_INFINITY;

  get isKnown(): boolean {
    return Number.isFinite(this.#leastAheadMs);
  }

  /** The database read its clock somewhere between the two moments of ours. */
  observe(databaseMs: number, sentAtMs: number, answeredAtMs: number): void {
    const least = databaseMs - answeredAtMs;
    const most = databaseMs - sentAtMs;
    const contradicts = least > this.#mostAheadMs || most < this.#leastAheadMs;
    this.#leastAheadMs = contradicts ? least : Math.max(least, this.#leastAheadMs);
    this.#mostAheadMs = contradicts ? most : Math.min(most, this.#mostAheadMs);
  }

  /** A moment of ours by the database's clock; rather too early than too late. */
  at(ourMs: number): number {
    return ourMs + (this.isKnown ? this.#leastAheadMs : 0);
  }
}
