const KEPT_FOR_MS = 60_000;
const ENTRIES_MAX = 256;

/**
 * Digests of the live API keys that were shown within the last minute: hashing is asynchronous on this platform and costs a
 * command a turn of the event loop. Memory only; a key that is no live one is never kept.
 */
export class KnownDigests {
  readonly #digests = new Map<string, string>();
  #sinceMs = 0;

  get(apiKey: string): string | undefined {
    return this.#digests.get(apiKey);
  }

  remember(apiKey: string, digest: string, nowMs: number): void {
    const isOld = nowMs - this.#sinceMs > KEPT_FOR_MS;
    if (isOld || this.#digests.size >= ENTRIES_MAX) this.#digests.clear();
    if (isOld) this.#sinceMs = nowMs;
    this.#digests.set(apiKey, digest);
  }
}
