import type { KeyLimits } from "../../../ocpp/commands.ts";
import type { DataTransferRow, SessionFact } from "../../../ports.ts";
import { FrameLog } from "./frame-log.ts";
import { keptTransfer } from "./kept-transfer.ts";
import type { Notebook } from "./notebook.ts";
import { Outbox } from "./outbox.ts";
import { ReplyCache } from "./reply-cache.ts";
import { ReportedVariables } from "./reported-variables.ts";
import { completeRecord, RECORD_FORMAT, type SessionRecord } from "./session-record.ts";
import { storableFact } from "./storable-fact.ts";
import { TransactionTable } from "./transaction-table.ts";
import { TransferLog } from "./transfer-log.ts";

const RECORD_KEY = "record";
/** A new station of our own has booted and told its statuses by then. */
const FIRST_SAVE_AFTER_MS = 500;

/**
 * The storage of one session: a record, and tables for what outgrows it. Everything is synchronous, so that what one
 * turn changes is stored together. An object without a record has stored nothing.
 */
export class SessionStore implements Notebook {
  readonly frames: FrameLog;
  readonly outbox: Outbox;
  readonly replies: ReplyCache;
  readonly reported: ReportedVariables;
  readonly transactions: TransactionTable;
  readonly transfers: TransferLog;
  /**
   * The other end is a station of our own, which tells again on its next line what was lost. It is stored once, a moment after
   * everything has been said (ADR 0009).
   */
  isPatient = false;
  readonly #storage: DurableObjectStorage;
  #record: SessionRecord | null | undefined;
  #isChanged = false;
  /** Something waits for the moment when the frames are written. */
  #isBehind = false;
  #isUnstored = false;
  /** News that the other end brings to Postgres itself, as JSON. */
  #leftToHost: Set<string> = new Set();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.frames = new FrameLog(storage.sql, () => this.#catchUp());
    this.outbox = new Outbox(storage, this);
    this.replies = new ReplyCache(storage.sql, this);
    this.reported = new ReportedVariables(storage.sql);
    this.transactions = new TransactionTable(storage.sql);
    this.transfers = new TransferLog(storage.sql);
  }

  get record(): SessionRecord | null {
    if (this.#record === undefined) this.#record = this.#load();
    return this.#record;
  }

  get page(): SessionRecord | null {
    return this.record;
  }

  save(record: SessionRecord): void {
    this.#record = record;
    this.#isChanged = false;
    this.#isBehind = false;
    this.#isUnstored = false;
    record.format = RECORD_FORMAT;
    this.#storage.kv.put(RECORD_KEY, record);
  }

  /** Nothing of this charger is stored yet: should that be lost, its station offers it again. */
  get isUnstored(): boolean {
    return this.#isUnstored;
  }

  /** A fact or an answer was added that is stored at the end of the turn, if not before. */
  get hasUnsaved(): boolean {
    return this.#isChanged;
  }

  /** Stored with the next frames. */
  saveLater(): void {
    this.#isBehind = true;
  }

  changed(canWait = false): void {
    if (canWait && this.isPatient) return this.saveLater();
    if (this.#isChanged) return;
    this.#isChanged = true;
    // Microtasks run before the writes of a turn are committed.
    queueMicrotask(() => {
      if (this.#isChanged && this.#record) this.save(this.#record);
    });
  }

  #load(): SessionRecord | null {
    const stored = this.#storage.kv.get<SessionRecord>(RECORD_KEY);
    return stored ? completeRecord(stored) : null;
  }

  /** Writes what may wait, together with the frames. */
  #catchUp(): void {
    if (this.#isBehind && this.#record) this.save(this.#record);
    this.frames.write();
  }

  /** The news that the other end of a new line tells; all other lines bring none. */
  leaveToHost(news: readonly SessionFact[]): void {
    this.#leftToHost = new Set(news.map(storableFact));
  }

  /** Puts a fact about this charger into the outbox. */
  tell(record: SessionRecord, atMs: number, fact: SessionFact): void {
    if (this.#leftToHost.size > 0 && this.#leftToHost.delete(storableFact(fact))) return;
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

  /** What a station told of itself holds until its next boot. */
  learn(record: SessionRecord, told: Partial<KeyLimits>): void {
    if (Object.keys(told).length === 0) return;
    record.keyLimits = { ...record.keyLimits, ...told };
    this.changed();
  }

  tellTransfer(record: SessionRecord, transfer: DataTransferRow): void {
    const row = keptTransfer(transfer);
    const { atMs, ...fact } = row;
    this.transfers.append(row);
    this.tell(record, atMs, { type: "dataTransfer", ...fact });
  }

  get hasUnflushed(): boolean {
    return !this.outbox.isEmpty;
  }

  /** Another charger takes the identity: it inherits nothing, but what the old one still has to tell is told. */
  replace(record: SessionRecord): void {
    const old = this.record;
    if (!old) return this.#first(record);
    const parts = [this.frames, this.replies, this.reported, this.transactions, this.transfers];
    for (const part of parts) part.clear();
    const { generation, alarmAtMs, outbox, factSeq, factAtMs, hasOutboxRows } = old;
    this.save({ ...record, generation, alarmAtMs, outbox, factSeq, factAtMs, hasOutboxRows });
  }

  #first(record: SessionRecord): void {
    if (!this.isPatient) return this.save(record);
    this.#record = record;
    this.#isUnstored = true;
    setTimeout(() => this.#catchUp(), FIRST_SAVE_AFTER_MS);
  }

  /** Afterwards the object is as if it had never been provisioned. */
  async wipe(): Promise<void> {
    this.#record = null;
    this.#isBehind = false;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
    const parts = [this.outbox, this.replies, this.reported, this.frames, this.transactions, this.transfers];
    for (const part of parts) part.forget();
  }
}
