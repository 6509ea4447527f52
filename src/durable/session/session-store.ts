import type { DataTransferRow, SessionFact } from "../../ports.ts";
import { isOutdated, migrate } from "../migrations.ts";
import { FrameLog } from "./frame-log.ts";
import { Outbox } from "./outbox.ts";
import { ReplyCache } from "./reply-cache.ts";
import { completeRecord, type SessionRecord } from "./session-record.ts";
import { TransactionTable } from "./transaction-table.ts";
import { TransferLog } from "./transfer-log.ts";

const RECORD_KEY = "record";

/**
 * The storage of one session: a record, and tables that exist from the first connection on. Everything is synchronous, so
 * that what one turn changes is stored together. An object without a record has stored nothing.
 */
export class SessionStore {
  readonly frames: FrameLog;
  readonly outbox: Outbox;
  readonly replies: ReplyCache;
  readonly transactions: TransactionTable;
  readonly transfers: TransferLog;
  readonly #storage: DurableObjectStorage;
  #record: SessionRecord | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.frames = new FrameLog(storage.sql);
    this.outbox = new Outbox(storage.sql);
    this.replies = new ReplyCache(storage.sql);
    this.transactions = new TransactionTable(storage.sql);
    this.transfers = new TransferLog(storage.sql);
  }

  get record(): SessionRecord | null {
    if (this.#record === undefined) this.#record = this.#load();
    return this.#record;
  }

  get hasTables(): boolean {
    return (this.record?.tablesVersion ?? 0) > 0;
  }

  save(record: SessionRecord): void {
    this.#record = record;
    this.#storage.kv.put(RECORD_KEY, record);
  }

  /** A socket outlives a release, so the tables of an older one are brought up to date by whatever wakes the object. */
  #load(): SessionRecord | null {
    const stored = this.#storage.kv.get<SessionRecord>(RECORD_KEY);
    if (!stored) return null;
    const record = completeRecord(stored);
    if (!isOutdated(record.tablesVersion)) return record;
    this.prepareTables(record);
    this.save(record);
    return record;
  }

  /** Adds the tables, or what they lack since an older release; the caller saves the record. */
  prepareTables(record: SessionRecord): void {
    record.tablesVersion = migrate(this.#storage.sql, record.tablesVersion);
  }

  /** Puts a fact about this charger into the outbox. */
  tell(record: SessionRecord, atMs: number, fact: SessionFact): void {
    const { chargerId, generation } = record;
    this.outbox.append({ chargerId, generation, atMs, fact });
  }

  tellTransaction(record: SessionRecord, transactionId: number, atMs: number): void {
    const fact = this.transactions.tell(transactionId);
    if (fact) this.tell(record, atMs, { type: "transaction", ...fact });
  }

  /** Ends what is open: nobody will tell us its end. */
  endTransactions(record: SessionRecord, atMs: number): void {
    for (const transactionId of this.transactions.openIds()) {
      const stoppedAt = new Date(atMs).toISOString();
      this.transactions.apply({
        type: "transactionClosed",
        transactionId,
        seqNo: null,
        stoppedAt,
        lostStop: false,
      });
      this.transactions.note(transactionId, { stopReason: "Other" });
      this.tellTransaction(record, transactionId, atMs);
    }
  }

  tellTransfer(record: SessionRecord, row: DataTransferRow): void {
    const { atMs, ...fact } = row;
    this.transfers.append(row);
    this.tell(record, atMs, { type: "dataTransfer", ...fact });
  }

  get hasUnflushed(): boolean {
    return this.hasTables && !this.outbox.isEmpty;
  }

  /** Another charger takes the identity: it inherits nothing, but what the old one still has to tell is told. */
  replace(record: SessionRecord): void {
    const old = this.record;
    if (old && this.hasTables) {
      this.frames.clear();
      this.replies.clear();
      this.transactions.clear();
      this.transfers.clear();
    }
    const generation = old?.generation ?? 0;
    const { tablesVersion = 0, alarmAtMs = null } = old ?? {};
    this.save({ ...record, generation, tablesVersion, alarmAtMs });
  }

  /** Afterwards the object is as if it had never been provisioned. */
  async wipe(): Promise<void> {
    this.#record = null;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
    const parts = [this.outbox, this.replies, this.frames, this.transactions, this.transfers];
    for (const part of parts) part.forget();
  }
}
