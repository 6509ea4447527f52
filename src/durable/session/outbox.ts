import type { SessionFact, SessionFactRow } from "../../ports.ts";
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
  readonly #table: LazyTables;
  readonly #notebook: Notebook;

  constructor(sql: SqlStorage, notebook: Notebook) {
    this.#table = new LazyTables(sql, "outbox", TABLE);
    this.#notebook = notebook;
  }

  append({ chargerId, generation, atMs, fact }: SessionFactRow): void {
    const record = this.#notebook.page;
    if (!record) return;
    record.outbox.push({ seq: ++record.factSeq, chargerId, generation, atMs, json: storableFact(fact) });
    const length = record.outbox.reduce((sum, { json }) => sum + json.length, 0);
    if (record.outbox.length > WAITING_MAX || length > WAITING_LENGTH_MAX) {
      for (const waiting of record.outbox) this.#move(waiting);
      record.outbox = [];
      record.hasOutboxRows = true;
    }
    this.#notebook.changed(REPEATABLE.has(fact.type));
  }

  /** The oldest facts, and up to which one `remove` may forget once they have arrived. */
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
      this.#table.writing.exec("DELETE FROM outbox WHERE seq <= ?", upTo);
      record.hasOutboxRows = this.#stored(1).length > 0;
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

  #move({ seq, chargerId, generation, atMs, json }: WaitingFact): void {
    this.#table.writing.exec(
      "INSERT INTO outbox (seq, charger_id, generation, at_ms, fact) VALUES (?, ?, ?, ?, ?)",
      seq,
      chargerId,
      generation,
      atMs,
      json,
    );
  }

  #stored(limit: number): WaitingFact[] {
    const rows = this.#table.reading?.exec<StoredFact>("SELECT * FROM outbox ORDER BY seq LIMIT ?", limit);
    return (rows?.toArray() ?? []).map(({ charger_id, at_ms, fact, ...row }) => ({
      ...row,
      chargerId: charger_id,
      atMs: at_ms,
      json: fact,
    }));
  }
}

type StoredFact = { seq: number; charger_id: string; generation: number; at_ms: number; fact: string };

/** Only `append` writes these. */
function readFact(json: string): SessionFact {
  return JSON.parse(json) as SessionFact;
}
