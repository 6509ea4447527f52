/**
 * Many named timers on one `setTimeout`, which is set for the earliest of them. A timer fires once; setting a name again moves
 * it. A deadline that is set and cleared while an earlier timer is set needs no timer of the runtime.
 */
export class TimerWheel {
  readonly #due = new Map<string, { atMs: number; run: () => void }>();
  #armedAtMs = Number.POSITIVE_INFINITY;
  #handle: ReturnType<typeof setTimeout> | null = null;

  set(name: string, atMs: number, run: () => void): void {
    this.#due.set(name, { atMs, run });
    if (atMs < this.#armedAtMs) this.#arm(atMs);
  }

  /**
   * The runtime timer stays set for the other names: an unnecessary wake is cheaper than finding the next due time. It ends with
   * the last name, because a timer that is left keeps the object in memory.
   */
  clear(name: string): void {
    if (this.#due.delete(name) && this.#due.size === 0) this.#arm(Number.POSITIVE_INFINITY);
  }

  has(name: string): boolean {
    return this.#due.has(name);
  }

  #arm(atMs: number): void {
    if (this.#handle !== null) clearTimeout(this.#handle);
    this.#armedAtMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#handle = setTimeout(() => this.#fire(), Math.max(0, atMs - Date.now()));
  }

  #fire(): void {
    // Timers that are set while these run find no runtime timer and set one.
    this.#armedAtMs = Number.POSITIVE_INFINITY;
    const nowMs = Date.now();
    const ripe = [...this.#due].filter(([, timer]) => timer.atMs <= nowMs);
    for (const [name, timer] of ripe) {
      if (this.#due.get(name) !== timer) continue;
      this.#due.delete(name);
      timer.run();
    }
    const next = Math.min(...[...this.#due.values()].map((timer) => timer.atMs));
    if (next < this.#armedAtMs) this.#arm(next);
  }
}
