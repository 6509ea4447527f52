/**
 * Tables that most objects never need, made at their first use: creating them costs a new object more than everything
 * else it stores. The statements say IF NOT EXISTS and run once per wake.
 */
export class LazyTables {
  readonly #sql: SqlStorage;
  readonly #statements: string;
  #isReady = false;

  constructor(sql: SqlStorage, statements: string) {
    this.#sql = sql;
    this.#statements = statements;
  }

  get sql(): SqlStorage {
    if (!this.#isReady) {
      this.#sql.exec(this.#statements);
      this.#isReady = true;
    }
    return this.#sql;
  }

  /** Everything was dropped. */
  forget(): void {
    this.#isReady = false;
  }
}
