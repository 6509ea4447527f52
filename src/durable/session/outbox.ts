import type { SessionFact, SessionFactRow } from "../../ports.ts";
import { storableFact } from "./storable-fact.ts";

/** Characters of facts in one statement; a single fact may be longer. */
const BATCH_LENGTH_MAX = 1_000_000;

/** Facts on their way to Postgres. They outlive the charger they are about: each row names it. */
export class Outbox {
  readonly #sql: SqlStorage;
  /** Undefined until it was looked up once. */
  #isEmpty: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append({ chargerId, generation, atMs, fact }: SessionFactRow): void {
    const values = [chargerId, generation, atMs, storableFact(fact)];
    this.#sql.exec("INSERT INTO outbox (charger_id, generation, at_ms, fact) VALUES (?, ?, ?, ?)", ...values);
    this.#isEmpty = false;
  }

  /** The oldest rows, and up to which one `remove` may forget once they have arrived. */
  batch(limit: number): { rows: SessionFactRow[]; upTo: number } {
    const cursor = this.#sql.exec<StoredFact>(
      "SELECT seq, charger_id, generation, at_ms, fact FROM outbox ORDER BY seq LIMIT ?",
      limit,
    );
    const rows: SessionFactRow[] = [];
    let length = 0;
    let upTo = 0;
    for (const { seq, charger_id, generation, at_ms, fact } of cursor) {
      length += fact.length;
      if (rows.length > 0 && length > BATCH_LENGTH_MAX) break;
      rows.push({ chargerId: charger_id, generation, atMs: at_ms, fact: readFact(fact) });
      upTo = seq;
    }
    return { rows, upTo };
  }

  remove(upTo: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE seq <= ?", upTo);
    this.#isEmpty = undefined;
  }

  /** What is stored has changed under the outbox: look again. */
  forget(): void {
    this.#isEmpty = undefined;
  }

  get isEmpty(): boolean {
    this.#isEmpty ??= this.#sql.exec("SELECT 1 FROM outbox LIMIT 1").toArray().length === 0;
    return this.#isEmpty;
  }
}

type StoredFact = { seq: number; charger_id: string; generation: number; at_ms: number; fact: string };

/** Only `append` writes this column. */
function readFact(json: string): SessionFact {
  return JSON.parse(json) as SessionFact;
}
