const STATEMENTS_MAX = 256;

/** How a statement travels: under a name of the connection, and whether that name still has to be made. */
export type Prepared = { name: string; isNew: boolean; closes: string | null };

/**
 * Names of statements the connection has parsed, by their text. Parsing and planning cost several times what most
 * of our statements cost to run, and the texts are few. The least recently used name makes room.
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

  /** The exchange failed: which of its names exist is not known. */
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
