/**
 * Tables made at their first write: creating one costs a new object more than everything else it stores, and most objects
 * never need most of them. The statements say IF NOT EXISTS and run once per wake. A table that was never made is read
 * as an empty one.
 */
export class LazyTables {
  readonly #sql: SqlStorage;
  readonly #name: string;
  readonly #statements: string;
  #isReady = false;
  #isMissing = false;

  /** `name`: the table by whose presence the others are known. */
  constructor(sql: SqlStorage, name: string, statements: string) {
    this.#sql = sql;
    this.#name = name;
    this.#statements = statements;
  }

  get writing(): SqlStorage {
    if (!this.#isReady) {
      this.#sql.exec(this.#statements);
      this.#isReady = true;
      this.#isMissing = false;
    }
    return this.#sql;
  }

  /** Null while there is nothing to read. */
  get reading(): SqlStorage | null {
    if (this.#isReady) return this.#sql;
    if (this.#isMissing) return null;
    const found = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", this.#name);
    this.#isMissing = found.toArray().length === 0;
    return this.#isMissing ? null : this.writing;
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#isReady = false;
    this.#isMissing = true;
  }
}
