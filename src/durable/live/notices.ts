/** How long an announced event is looked for: longer than the transaction may stay open that holds it up (ADR 0012). */
const PATIENCE_MS = 15_000;
const SEEN_MAX = 2000;

/**
 * Whether there is a reason to read the feed. An announced event may not be readable yet, because an older transaction is open: it
 * is a reason until it was seen.
 */
export class Notices {
  #isAsked = false;
  #fruitless = 0;
  /** Epoch ms of the announcement, by event. */
  readonly #expected = new Map<string, number>();
  /** Events of the last reads, in case that their notice comes later. */
  readonly #seen = new Set<string>();

  /** Reads in a row that found nothing, made for events that were announced. */
  get fruitless(): number {
    return this.#fruitless;
  }

  get isAsked(): boolean {
    return this.#isAsked;
  }

  ask(): void {
    this.#isAsked = true;
    this.#fruitless = 0;
  }

  expect(id: string, nowMs: number): void {
    if (!this.#seen.has(id)) this.#expected.set(id, nowMs);
  }

  saw(ids: readonly string[]): void {
    if (ids.length > 0) this.#fruitless = 0;
    for (const id of ids) {
      this.#expected.delete(id);
      this.#seen.add(id);
    }
    for (const id of this.#seen) {
      if (this.#seen.size <= SEEN_MAX) break;
      this.#seen.delete(id);
    }
  }

  /** Whether to read now. Uses up the request; what is expected stays. */
  take(nowMs: number): boolean {
    for (const [id, sinceMs] of this.#expected) if (nowMs - sinceMs > PATIENCE_MS) this.#expected.delete(id);
    const isDue = this.#isAsked || this.#expected.size > 0;
    if (!this.#isAsked) this.#fruitless++;
    this.#isAsked = false;
    return isDue;
  }
}
