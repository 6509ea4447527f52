import type { SessionFact, SessionFactRow } from "../../../ports.ts";
import { LazyTables } from "./lazy-tables.ts";
import type { Notebook } from "./notebook.ts";
import { storableFact } from "./storable-fact.ts";

/** A fact in the session's record. `seq` orders the facts of a session, wherever they wait. */
export interface WaitingFact {
  readonly seq: number;
  readonly chargerId: string;
  readonly generation: number;
  readonly atMs: number;
  readonly json: string;
}

/** Characters of facts in one statement; a single fact may be longer. */
const BATCH_LENGTH_MAX = 1_000_000;
/** What the record may hold: it is written whole, and a healthy session flushes every second. */
const WAITING_MAX = 24;
const WAITING_LENGTH_MAX = 16 * 1024;

/** A line that breaks is told anew, and with it all of these. */
const REPEATABLE: ReadonlySet<SessionFact["type"]> = new Set(["connection", "connector", "seen"]);

const TABLE = `CREATE TABLE IF NOT EXISTS outbox (
  seq INTEGER PRIMARY KEY, charger_id TEXT NOT NULL, generation INTEGER NOT NULL, at_ms INTEGER NOT NULL, fact TEXT NOT NULL)`;

/**
 * Facts on their way to Postgres. The newest wait in the session's record and are stored with it; what does not fit there is
 * moved to a table, which therefore holds the oldest. They outlive the charger they are about: each names it.
 */
export class Outbox {
  readonly #storage: Pick<DurableObjectStorage, "sql" | "transactionSync">;
  readonly #table: LazyTables;
  readonly #notebook: Notebook;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">, notebook: Notebook) {
    this.#storage = storage;
    this.#table = new LazyTables(storage.sql, "outbox", TABLE);
    this.#notebook = notebook;
  }

  /** When it throws, nothing has changed but the number. */
  append({ chargerId, generation, atMs, fact }: SessionFactRow): void {
    const record = this.#notebook.page;
    if (!record) return;
    // Postgres lets no older news of a connection replace newer ones.
    record.factAtMs = Math.max(record.factAtMs, atMs);
    const added = {
      seq: ++record.factSeq,
      chargerId,
      generation,
      atMs: record.factAtMs,
      json: storableFact(fact),
    };
    const waiting = [...record.outbox, added];
    const length = waiting.reduce((sum, { json }) => sum + json.length, 0);
    if (waiting.length > WAITING_MAX || length > WAITING_LENGTH_MAX) {
      this.#move(waiting);
      record.outbox = [];
      record.hasOutboxRows = true;
    } else record.outbox = waiting;
    this.#notebook.changed(REPEATABLE.has(fact.type));
  }

  /** The oldest facts, and up to which one `remove` may forget once they have arrived. Reads no more than it returns. */
  batch(limit: number): { rows: SessionFactRow[]; upTo: number } {
    const record = this.#notebook.page;
    const waiting = record?.hasOutboxRows ? this.#stored(limit) : (record?.outbox ?? []);
    const rows: SessionFactRow[] = [];
    let length = 0;
    let upTo = 0;
    for (const { seq, chargerId, generation, atMs, json } of waiting) {
      length += json.length;
      if (rows.length > 0 && length > BATCH_LENGTH_MAX) break;
      rows.push({ chargerId, generation, atMs, fact: readFact(json) });
      upTo = seq;
    }
    return { rows, upTo };
  }

  remove(upTo: number): void {
    const record = this.#notebook.page;
    if (!record) return;
    record.outbox = record.outbox.filter(({ seq }) => seq > upTo);
    if (record.hasOutboxRows) {
      const sql = this.#table.writing;
      sql.exec("DELETE FROM outbox WHERE seq <= ?", upTo);
      record.hasOutboxRows = sql.exec("SELECT 1 FROM outbox LIMIT 1").toArray().length > 0;
    }
    this.#notebook.changed();
  }

  /** Everything was dropped. */
  forget(): void {
    this.#table.forget();
  }

  get isEmpty(): boolean {
    const record = this.#notebook.page;
    return !record || (record.outbox.length === 0 && !record.hasOutboxRows);
  }

  /** All or none. A row that is there already was left by a move that broke off. */
  #move(waiting: readonly WaitingFact[]): void {
    // Outside the transaction: made within, the table would be gone with it.
    const sql = this.#table.writing;
    this.#storage.transactionSync(() => {
      for (const { seq, chargerId, generation, atMs, json } of waiting) {
        sql.exec(
          `INSERT INTO outbox (seq, charger_id, generation, at_ms, fact) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (seq) DO NOTHING`,
          seq,
          chargerId,
          generation,
          atMs,
          json,
        );
      }
    });
  }

  /** One row at a time: a backlog of large facts would not fit into memory. */
  *#stored(limit: number): Generator<WaitingFact> {
    const rows = this.#table.reading?.exec<StoredFact>("SELECT * FROM outbox ORDER BY seq LIMIT ?", limit);
    for (const { charger_id, at_ms, fact, ...row } of rows ?? [])
      yield { ...row, chargerId: charger_id, atMs: at_ms, json: fact };
  }
}

type StoredFact = { seq: number; charger_id: string; generation: number; at_ms: number; fact: string };

/** Only `append` writes these. */
function readFact(json: string): SessionFact {
  return JSON.parse(json) as SessionFact;
}
