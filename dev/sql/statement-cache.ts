const STATEMENTS_MAX = 256;

/** The name of a prepared statement, whether it must still be parsed, and the name that is closed to make room for it. */
export type Prepared = { name: string; isNew: boolean; closes: string | null };

/**
 * Prepared statements of the connection by their text, least recently used first. Parsing and planning take several times as long
 * as running most of our statements.
 */
export class StatementCache {
  readonly #names = new Map<string, string>();
  #made = 0;

  prepare(text: string): Prepared {
    const known = this.#names.get(text);
    if (known) {
      this.#names.delete(text);
      this.#names.set(text, known);
      return { name: known, isNew: false, closes: null };
    }
    const name = `s${(this.#made += 1)}`;
    this.#names.set(text, name);
    return { name, isNew: true, closes: this.#evict() };
  }

  /** Call after an exchange failed: which of its statements were prepared is not known. */
  clear(): void {
    this.#names.clear();
  }

  #evict(): string | null {
    if (this.#names.size <= STATEMENTS_MAX) return null;
    const [text, name] = this.#names.entries().next().value ?? [];
    if (text === undefined || name === undefined) return null;
    this.#names.delete(text);
    return name;
  }
}
