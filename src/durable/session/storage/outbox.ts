import type { SessionFact, SessionFactRow } from "../../../ports.ts";
import { LazyTables } from "./lazy-tables.ts";
import type { Change, RecordHolder } from "./record-holder.ts";
import type { WaitingFact } from "./session-record.ts";
import { storableFact } from "./storable-fact.ts";

/** Characters of facts in one statement; a single fact may be longer. */
const BATCH_LENGTH_MAX = 1_000_000;
/** What the record may hold: it is written whole, and a healthy session flushes at once. */
const WAITING_MAX = 24;
const WAITING_LENGTH_MAX = 16 * 1024;

/** When its line breaks, the host reports the connection again, and all of these with it. */
const REPEATABLE: ReadonlySet<SessionFact["type"]> = new Set(["connector", "seen"]);

const TABLE = `CREATE TABLE IF NOT EXISTS outbox (
  seq INTEGER PRIMARY KEY, charger_id TEXT NOT NULL, generation INTEGER NOT NULL, at_ms INTEGER NOT NULL, fact TEXT NOT NULL)`;

/**
 * Facts on their way to Postgres. The newest wait in the session's record and are stored with it; what does not fit there is
 * moved to a table, which therefore holds the oldest. They outlive the charger they are about: each names it.
 */
export class Outbox {
  readonly #storage: Pick<DurableObjectStorage, "sql" | "transactionSync">;
  readonly #table: LazyTables;
  readonly #holder: RecordHolder;
  /** Notes with the line that facts up to a number have arrived, which costs no row; false: there is no line. */
  readonly #noteDelivered: (upTo: number) => boolean;

  constructor(
    storage: Pick<DurableObjectStorage, "sql" | "transactionSync">,
    holder: RecordHolder,
    noteDelivered: (upTo: number) => boolean,
  ) {
    this.#storage = storage;
    this.#table = new LazyTables(storage.sql, "outbox", TABLE);
    this.#holder = holder;
    this.#noteDelivered = noteDelivered;
  }

  /** When it throws, nothing has changed but the number. */
  append({ chargerId, generation, atMs, fact }: SessionFactRow): void {
    const { record } = this.#holder;
    if (!record) return;
    // Postgres lets no older fact about a connection replace a newer one.
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
    this.#holder.changed(changeOf(fact));
  }

  /** The oldest facts, and the number up to which `remove` may forget once they have arrived. Reads no more than it returns. */
  batch(limit: number): { rows: SessionFactRow[]; upTo: number } {
    const { record } = this.#holder;
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

  /** These facts have arrived. While a line is open that is noted with it: a crash sends them again, and Postgres takes them once. */
  remove(upTo: number): void {
    const { record } = this.#holder;
    if (!record) return;
    record.outbox = record.outbox.filter(({ seq }) => seq > upTo);
    if (record.hasOutboxRows) {
      const sql = this.#table.writing;
      sql.exec("DELETE FROM outbox WHERE seq <= ?", upTo);
      record.hasOutboxRows = sql.exec("SELECT 1 FROM outbox LIMIT 1").toArray().length > 0;
      this.#holder.changed();
    } else if (!this.#noteDelivered(upTo)) this.#holder.changed();
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#table.forget();
  }

  get isEmpty(): boolean {
    const { record } = this.#holder;
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

function changeOf({ type }: SessionFact): Change {
  if (type === "connection") return "connection";
  return REPEATABLE.has(type) ? "repeatable" : "confirmed";
}

/** Only `append` writes these. */
function readFact(json: string): SessionFact {
  return JSON.parse(json) as SessionFact;
}
