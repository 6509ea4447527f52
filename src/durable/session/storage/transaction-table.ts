import { systemIds, ulidOf } from "../../../fleet/ids.ts";
import type {
  StateChange,
  ToldStop,
  TransactionLookup,
  TransactionRecord,
  UnconfirmedStop,
} from "../../../ocpp/station-state.ts";
import type { TransactionFact } from "../../../ports.ts";
import { LazyTables } from "./lazy-tables.ts";
import { MeterBreaks } from "./meter-breaks.ts";
import { factOf, readTransaction, type ReadTransaction, type StoredTransaction } from "./transaction-row.ts";

/** Ended transactions kept to recognise late repeats; a station may deliver months of backlog. */
const ENDED_MAX = 1000;
const PRUNE_EVERY = 20;
/**
 * Sequence numbers remembered of a transaction, the highest: below them everything counts as taken in. A station that
 * delivers late does so in order, so that none comes this far behind.
 */
const SEQ_NOS_MAX = 1000;
const PRUNE_SEQ_NOS_EVERY = 64;
/** Far more than a station delivers late at once. */
const UNCONFIRMED_STOPS_MAX = 256;

type Opened = Extract<StateChange, { type: "transactionOpened" }>;
type Updated = Extract<StateChange, { type: "transactionUpdated" }>;
type Closed = Extract<StateChange, { type: "transactionClosed" }>;
type Stopped = Extract<StateChange, { type: "unconfirmedStop" }>;

/** What a message reports about a transaction beyond the state its handler decided; absent: nothing new. */
export interface TransactionUpdate {
  idTag?: string | null;
  evse?: { evseId: number; connectorId: number };
  meterStartWh?: number | null;
  startedAt?: string;
  meterStopWh?: number | null;
  stopReason?: string;
  reading?: { energyWh: number; at: string };
}

const TABLES = `CREATE TABLE IF NOT EXISTS transactions (
     transaction_id INTEGER PRIMARY KEY, id TEXT NOT NULL, ocpp_transaction_id TEXT, evse_id INTEGER NOT NULL,
     connector_id INTEGER NOT NULL, id_tag TEXT, meter_start_wh INTEGER, started_at TEXT NOT NULL,
     start_timestamp TEXT NOT NULL, stopped_at TEXT, remote_started INTEGER NOT NULL, charging_state TEXT,
     last_seq_no INTEGER, lost_stop INTEGER NOT NULL, meter_stop_wh INTEGER, stop_reason TEXT, last_meter_wh INTEGER,
     last_meter_at TEXT, revision INTEGER NOT NULL DEFAULT 0);
   CREATE INDEX IF NOT EXISTS transactions_open ON transactions (evse_id) WHERE stopped_at IS NULL;
   CREATE INDEX IF NOT EXISTS transactions_start ON transactions (start_timestamp);
   CREATE UNIQUE INDEX IF NOT EXISTS transactions_ocpp ON transactions (ocpp_transaction_id) WHERE ocpp_transaction_id IS NOT NULL;
   CREATE TABLE IF NOT EXISTS transaction_events (
     transaction_id INTEGER NOT NULL, seq_no INTEGER NOT NULL, PRIMARY KEY (transaction_id, seq_no)) WITHOUT ROWID;
   CREATE TABLE IF NOT EXISTS confirmed_transactions (transaction_id INTEGER PRIMARY KEY);
   CREATE TABLE IF NOT EXISTS unconfirmed_stops (
     seq INTEGER PRIMARY KEY, meter_stop_wh INTEGER NOT NULL, stop_timestamp TEXT NOT NULL, transaction_id INTEGER);`;

const RECORDS = `SELECT *, EXISTS (SELECT 1 FROM confirmed_transactions c WHERE c.transaction_id = t.transaction_id)
  AS is_confirmed FROM transactions t`;

/** The transactions of this session's charger, and no other's: a station never reaches those of another. */
export class TransactionTable implements TransactionLookup {
  readonly #tables: LazyTables;
  readonly #breaks: MeterBreaks;
  #seqNosTaken = 0;

  constructor(sql: SqlStorage) {
    this.#tables = new LazyTables(sql, "transactions", TABLES);
    this.#breaks = new MeterBreaks(sql);
  }

  get #sql(): SqlStorage {
    return this.#tables.writing;
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#tables.forget();
    this.#breaks.forget();
  }

  byId(transactionId: number): TransactionRecord | null {
    return this.#first("WHERE transaction_id = ?", transactionId);
  }

  byOcppId(ocppTransactionId: string): TransactionRecord | null {
    return this.#first("WHERE ocpp_transaction_id = ?", ocppTransactionId);
  }

  openOn(evseId: number): TransactionRecord | null {
    return this.#first("WHERE evse_id = ? AND stopped_at IS NULL ORDER BY transaction_id DESC", evseId);
  }

  byStart(start: Parameters<TransactionLookup["byStart"]>[0]): TransactionRecord | null {
    const { timestamp, evseId, idTag, meterStartWh } = start;
    const same = "start_timestamp = ? AND evse_id = ? AND id_tag = ? AND meter_start_wh = ?";
    return this.#first(
      `WHERE ocpp_transaction_id IS NULL AND ${same}`,
      timestamp,
      evseId,
      idTag,
      meterStartWh,
    );
  }

  hasEvent(ocppTransactionId: string, seqNo: number): boolean {
    const events = "SELECT seq_no FROM transaction_events e WHERE e.transaction_id = t.transaction_id";
    const text = `SELECT 1 FROM transactions t WHERE t.ocpp_transaction_id = ?1 AND (
      EXISTS (${events} AND e.seq_no = ?2)
      OR ?2 < t.last_seq_no AND ?2 < (${events} ORDER BY e.seq_no DESC LIMIT 1 OFFSET ${SEQ_NOS_MAX - 1}))`;
    const found = this.#tables.reading?.exec(text, ocppTransactionId, seqNo).toArray() ?? [];
    return found.length > 0;
  }

  openIds(): number[] {
    const text = "SELECT transaction_id FROM transactions WHERE stopped_at IS NULL";
    const rows = this.#tables.reading?.exec<{ transaction_id: number }>(text).toArray() ?? [];
    return rows.map((row) => row.transaction_id);
  }

  open(): TransactionRecord[] {
    return this.#all("WHERE stopped_at IS NULL ORDER BY transaction_id");
  }

  unconfirmedStop({ meterStopWh, timestamp }: UnconfirmedStop): { transactionId: number | null } | null {
    const text =
      "SELECT transaction_id FROM unconfirmed_stops WHERE meter_stop_wh = ? AND stop_timestamp = ? LIMIT 1";
    const rows = this.#tables.reading?.exec<{ transaction_id: number | null }>(text, meterStopWh, timestamp);
    const [row] = rows?.toArray() ?? [];
    return row ? { transactionId: row.transaction_id } : null;
  }

  stopOf(transactionId: number): ToldStop | null {
    const text = `SELECT meter_stop_wh, stopped_at, stop_reason FROM transactions
      WHERE transaction_id = ? AND stopped_at IS NOT NULL AND lost_stop = 0`;
    const rows = this.#tables.reading?.exec<EndedTransaction>(text, transactionId).toArray() ?? [];
    const [row] = rows;
    if (!row) return null;
    return {
      meterStopWh: row.meter_stop_wh,
      stoppedAt: row.stopped_at,
      stopReason: row.stop_reason ?? "Local",
    };
  }

  /** Applies what a handler decided; null for a change that concerns no transaction, else whose it was. */
  apply(change: StateChange): number | null {
    switch (change.type) {
      case "transactionOpened":
        this.#open(change);
        return this.#took(change.transactionId, change.lastSeqNo);
      case "transactionUpdated":
        this.#update(change);
        return this.#took(change.transactionId, change.seqNo);
      case "transactionClosed":
        this.#close(change);
        return this.#took(change.transactionId, change.seqNo);
      case "transactionConfirmed":
        this.#sql.exec(
          "INSERT OR IGNORE INTO confirmed_transactions (transaction_id) VALUES (?)",
          change.transactionId,
        );
        return change.transactionId;
      case "unconfirmedStop":
        this.#noteStop(change);
        return null;
      default:
        return null;
    }
  }

  /**
   * Adds what a message reported, and returns the transaction as the next fact, under a revision of its own; null when this
   * charger has no such transaction.
   */
  tell(transactionId: number, update: TransactionUpdate = {}): TransactionFact | null {
    const sql = this.#tables.reading;
    if (!sql) return null;
    if (update.evse) this.#place(transactionId, update.evse);
    const { idTag, meterStartWh, startedAt, meterStopWh, stopReason, reading } = update;
    this.#takeReadings(transactionId, update);
    const [row] = sql
      .exec<StoredTransaction>(
        `UPDATE transactions SET revision = revision + 1,
           id_tag = coalesce(?, id_tag), meter_start_wh = coalesce(?, meter_start_wh),
           started_at = min(started_at, coalesce(?, started_at)), meter_stop_wh = coalesce(?, meter_stop_wh),
           stop_reason = coalesce(?, stop_reason),
           last_meter_wh = CASE WHEN coalesce(last_meter_at, '') <= ?6 THEN ?7 ELSE last_meter_wh END,
           last_meter_at = CASE WHEN coalesce(last_meter_at, '') <= ?6 THEN ?6 ELSE last_meter_at END
         WHERE transaction_id = ?8 RETURNING *`,
        idTag ?? null,
        meterStartWh ?? null,
        startedAt ?? null,
        meterStopWh ?? null,
        stopReason ?? null,
        reading?.at ?? null,
        reading?.energyWh ?? null,
        transactionId,
      )
      .toArray();
    return row ? factOf(row, this.#breaks.offsetOf(transactionId)) : null;
  }

  /** Before they are stored: what a register has lost shows in comparison with its last reading. */
  #takeReadings(transactionId: number, { reading, meterStopWh = null }: TransactionUpdate): void {
    if (!reading && meterStopWh === null) return;
    const text = `SELECT coalesce(last_meter_wh, meter_start_wh) AS wh, coalesce(last_meter_at, '') AS at
      FROM transactions WHERE transaction_id = ?`;
    const rows = this.#tables.reading?.exec<{ wh: number | null; at: string }>(text, transactionId).toArray();
    const [before] = rows ?? [];
    if (!before) return;
    const next = reading && before.at <= reading.at ? reading.energyWh : null;
    this.#breaks.take(transactionId, [before.wh, next, meterStopWh]);
  }

  /** The place alone is indexed: written unchanged it costs nothing, changed it costs two rows more. */
  #place(
    transactionId: number,
    { evseId, connectorId }: { evseId: number; connectorId: number | null },
  ): void {
    this.#sql.exec(
      `UPDATE transactions SET evse_id = ?1, connector_id = coalesce(?2, connector_id)
       WHERE transaction_id = ?3 AND (evse_id IS NOT ?1 OR connector_id IS NOT coalesce(?2, connector_id))`,
      evseId,
      connectorId,
      transactionId,
    );
  }

  clear(): void {
    const tables = ["transactions", "transaction_events", "confirmed_transactions", "unconfirmed_stops"];
    for (const table of tables) this.#tables.reading?.exec(`DELETE FROM ${table}`);
    this.#breaks.clear();
  }

  #open(opened: Opened): void {
    const { transactionId, ocppTransactionId, evseId, connectorId, idTag, meterStartWh } = opened;
    const { startedAt, startTimestamp, stoppedAt, remoteStarted, chargingState, lastSeqNo, lostStop } =
      opened;
    this.#sql.exec(
      `INSERT INTO transactions (transaction_id, id, ocpp_transaction_id, evse_id, connector_id, id_tag, meter_start_wh,
         started_at, start_timestamp, stopped_at, remote_started, charging_state, last_seq_no, lost_stop)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      transactionId,
      opened.rowId ?? `txn_${ulidOf(systemIds.uuid())}`,
      ocppTransactionId,
      evseId,
      connectorId,
      idTag,
      meterStartWh,
      startedAt,
      startTimestamp,
      stoppedAt,
      remoteStarted ? 1 : 0,
      chargingState,
      lastSeqNo,
      lostStop ? 1 : 0,
    );
    if (transactionId % PRUNE_EVERY === 0) this.#prune();
  }

  #update(updated: Updated): void {
    const { transactionId, seqNo, chargingState, evseId, connectorId, idTag, remoteStartId } = updated;
    if (evseId !== null) this.#place(transactionId, { evseId, connectorId });
    this.#sql.exec(
      `UPDATE transactions SET charging_state = coalesce(?, charging_state), id_tag = coalesce(id_tag, ?),
         last_seq_no = max(coalesce(last_seq_no, -1), coalesce(?, -1)), remote_started = max(remote_started, ?)
       WHERE transaction_id = ?`,
      chargingState,
      idTag,
      seqNo,
      remoteStartId === null ? 0 : 1,
      transactionId,
    );
  }

  #close({ transactionId, seqNo, stoppedAt, lostStop }: Closed): void {
    this.#sql.exec(
      `UPDATE transactions SET stopped_at = ?, lost_stop = ?,
         last_seq_no = coalesce(max(coalesce(last_seq_no, -1), ?), last_seq_no) WHERE transaction_id = ?`,
      stoppedAt,
      lostStop ? 1 : 0,
      seqNo,
      transactionId,
    );
  }

  #prune(): void {
    this.#sql.exec(
      `DELETE FROM transactions WHERE stopped_at IS NOT NULL AND transaction_id <= (SELECT transaction_id FROM transactions
         WHERE stopped_at IS NOT NULL ORDER BY transaction_id DESC LIMIT 1 OFFSET ${ENDED_MAX})`,
    );
    const isKept = "transaction_id IN (SELECT transaction_id FROM transactions)";
    for (const table of ["transaction_events", "confirmed_transactions"])
      this.#sql.exec(`DELETE FROM ${table} WHERE NOT (${isKept})`);
    this.#breaks.prune(isKept);
  }

  #took(transactionId: number, seqNo: number | null): number {
    if (seqNo === null) return transactionId;
    const note = "INSERT OR IGNORE INTO transaction_events (transaction_id, seq_no) VALUES (?, ?)";
    this.#sql.exec(note, transactionId, seqNo);
    // By number, so that a station is pruned that lets the object sleep between its events; by count, whatever its numbers.
    const isDue = seqNo % PRUNE_SEQ_NOS_EVERY === 0 || ++this.#seqNosTaken % PRUNE_SEQ_NOS_EVERY === 0;
    if (isDue)
      this.#sql.exec(
        `DELETE FROM transaction_events WHERE transaction_id = ?1 AND seq_no < (SELECT seq_no FROM transaction_events
           WHERE transaction_id = ?1 ORDER BY seq_no DESC LIMIT 1 OFFSET ${SEQ_NOS_MAX - 1})`,
        transactionId,
      );
    return transactionId;
  }

  #noteStop({ meterStopWh, timestamp, endedId }: Stopped): void {
    this.#sql.exec(
      "INSERT INTO unconfirmed_stops (meter_stop_wh, stop_timestamp, transaction_id) VALUES (?, ?, ?)",
      meterStopWh,
      timestamp,
      endedId,
    );
    this.#sql.exec(
      "DELETE FROM unconfirmed_stops WHERE seq <= (SELECT max(seq) FROM unconfirmed_stops) - ?",
      UNCONFIRMED_STOPS_MAX,
    );
  }

  #first(where: string, ...values: SqlStorageValue[]): TransactionRecord | null {
    return this.#all(`${where} LIMIT 1`, ...values)[0] ?? null;
  }

  #all(where: string, ...values: SqlStorageValue[]): TransactionRecord[] {
    const rows = this.#tables.reading?.exec<ReadTransaction>(`${RECORDS} ${where}`, ...values);
    return (rows?.toArray() ?? []).map(readTransaction);
  }
}

type EndedTransaction = { meter_stop_wh: number | null; stopped_at: string; stop_reason: string | null };
