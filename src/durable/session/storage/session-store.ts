import type { KeyLimits } from "../../../ocpp/commands.ts";
import type { Erasure } from "../../../ocpp/erase-tag.ts";
import type { DataTransferRow, SessionFact } from "../../../ports.ts";
import type { TimerWheel } from "../../timer-wheel.ts";
import { eraseInRecord, eraseInTables } from "./erase-tag.ts";
import { FrameLog } from "./frame-log.ts";
import { fitsMemory, type KeptHeartbeat } from "./kept-heartbeat.ts";
import { keptTransfer } from "./kept-transfer.ts";
import { KnownTagsTable } from "./known-tags-table.ts";
import type { LineMemories, LineMemory } from "./line-memory.ts";
import { Outbox } from "./outbox.ts";
import type { Change, RecordHolder } from "./record-holder.ts";
import { ReplyCache } from "./reply-cache.ts";
import { ReportTable } from "./report-table.ts";
import { ReportedVariables } from "./reported-variables.ts";
import { endStarts } from "./remote-starts.ts";
import { endReservations } from "./reservations.ts";
import { completeRecord, RECORD_FORMAT, type SessionRecord } from "./session-record.ts";
import { storableFact } from "./storable-fact.ts";
import { TransactionTable, type TransactionUpdate } from "./transaction-table.ts";
import { TransferLog } from "./transfer-log.ts";

const RECORD_KEY = "record";
/** Name of the timer that commits what could wait. */
const COMMIT = "commit";
/** A new station has booted by then, and a simulated one has reported its statuses. */
const FIRST_COMMIT_AFTER_MS = 500;
/** How long a direct line may leave what can wait unstored. */
const COMMIT_AFTER_MS = 1500;
/**
 * How long frames of commands wait, so that no answer waits for the disk, and both frames of a command share a commit. Commands
 * that follow others keep the object awake anyway, and wait for more of them.
 */
const COMMAND_FRAMES_AFTER_MS = { first: 50, following: 1500 };

/**
 * The storage of one session: a record, and tables for what outgrows it. It alone decides when something is stored. Whoever
 * changes the record calls `changed`; whatever leaves the object calls `commit` first; the end of the turn commits the rest with
 * the frames. Everything is synchronous, so that the writes of a turn are one commit. An object without a record has
 * stored nothing.
 */
export class SessionStore implements RecordHolder {
  readonly frames: FrameLog;
  readonly knownTags: KnownTagsTable;
  readonly outbox: Outbox;
  readonly replies: ReplyCache;
  readonly reported: ReportedVariables;
  readonly reports: ReportTable;
  readonly transactions: TransactionTable;
  readonly transfers: TransferLog;
  readonly #storage: DurableObjectStorage;
  readonly #lines: LineMemories;
  readonly #onFirstStored: (record: SessionRecord) => void;
  #record: SessionRecord | null | undefined;
  /**
   * The other end of the line is an object of this deployment, which repeats on its next line what was lost. On such a line
   * frames, repeatable changes and the first boot wait for a timer, so that a new station costs one commit (ADR 0009).
   */
  #isDirect = false;
  /** The record differs from the stored one, and may not wait. */
  #isChanged = false;
  /** The record differs from the stored one, and waits for the timer. */
  #isBehind = false;
  /** Nothing of this charger is stored yet: should that be lost, its next upgrade or call provisions it again. */
  #isUnstored = false;
  #willEndTurn = false;
  /** When frames of commands were written last, epoch ms. */
  #commandFramesAtMs = 0;
  readonly #timers: TimerWheel;
  /** Facts of the line that the host of the station writes to Postgres, as JSON. */
  #hostFacts: Set<string> = new Set();

  /** `onFirstStored`: the record that waited for a boot is stored; facts may leave and an alarm may be set. */
  constructor(
    storage: DurableObjectStorage,
    lines: LineMemories,
    timers: TimerWheel,
    onFirstStored: (record: SessionRecord) => void,
  ) {
    this.#storage = storage;
    this.#lines = lines;
    this.#timers = timers;
    this.#onFirstStored = onFirstStored;
    this.frames = new FrameLog(storage.sql, {
      takeHeartbeats: () => this.#takeHeartbeats(),
      onWaiting: () => (this.#isDirect ? this.#commitLater(COMMIT_AFTER_MS) : this.#commitAtTurnEnd()),
    });
    this.knownTags = new KnownTagsTable(storage.sql);
    this.outbox = new Outbox(storage, this, (upTo) => this.#noteDelivered(upTo));
    this.replies = new ReplyCache(storage.sql, this);
    this.reported = new ReportedVariables(storage.sql);
    this.reports = new ReportTable(storage.sql);
    this.transactions = new TransactionTable(storage.sql);
    this.transfers = new TransferLog(storage.sql);
  }

  get record(): SessionRecord | null {
    if (this.#record === undefined) this.#record = this.#load();
    return this.#record;
  }

  /**
   * The record of a new session waits for the boot of its station, so that provisioning, connection and boot are one commit. Until it
   * is stored, no fact leaves and no alarm is set.
   */
  get waitsForBoot(): boolean {
    return this.#isUnstored && !this.#isDirect;
  }

  changed(change: Change = "confirmed"): void {
    if (this.#mayWait(change)) {
      this.#isBehind = true;
      return this.#commitLater(COMMIT_AFTER_MS);
    }
    this.#isChanged = true;
    this.#commitAtTurnEnd();
  }

  #mayWait(change: Change): boolean {
    if (!this.#isDirect) return change === "connection" && this.#isUnstored;
    return change !== "confirmed" && (change !== "boot" || this.#isUnstored);
  }

  /** Stores what may not wait. To be called before anything leaves the object: the output gate then holds it until it is on disk. */
  commit(): void {
    if (this.#isChanged) this.#put();
  }

  #commitAtTurnEnd(): void {
    if (this.#willEndTurn) return;
    this.#willEndTurn = true;
    // Microtasks run before the writes of a turn are committed. A promise costs less than `queueMicrotask` of the runtime.
    void Promise.resolve().then(() => {
      this.#willEndTurn = false;
      const isChanged = this.#isChanged;
      this.commit();
      if (this.#isDirect) return;
      if (!isChanged && this.frames.hasCommandsAlone) return this.#writeCommandsLater();
      this.frames.write();
    });
  }

  #writeCommandsLater(): void {
    if (this.#timers.has(COMMIT)) return;
    const { first, following } = COMMAND_FRAMES_AFTER_MS;
    const nowMs = Date.now();
    const afterMs = nowMs - this.#commandFramesAtMs < following ? following : first;
    this.#commandFramesAtMs = nowMs + afterMs;
    this.#commitLater(afterMs);
  }

  #commitLater(afterMs: number): void {
    if (this.#timers.has(COMMIT)) return;
    this.#timers.set(COMMIT, Date.now() + afterMs, () => {
      if (this.#isChanged || this.#isBehind) this.#put();
      this.frames.write();
    });
  }

  #put(): void {
    const { waitsForBoot } = this;
    this.#isChanged = this.#isBehind = this.#isUnstored = false;
    if (!this.#record) return;
    this.#record.format = RECORD_FORMAT;
    this.#storage.kv.put(RECORD_KEY, this.#record);
    if (waitsForBoot) this.#onFirstStored(this.#record);
  }

  #load(): SessionRecord | null {
    const stored = this.#storage.kv.get<SessionRecord>(RECORD_KEY);
    if (!stored) return null;
    const record = completeRecord(stored);
    const memory = this.#lines.memoryOf(record.generation);
    if (!memory) return record;
    this.#isDirect = memory.direct ?? false;
    return withDelivered(record, memory);
  }

  /** A line was accepted. `hostFacts`: those of its first facts that the host of the station writes to Postgres by itself. */
  lineStarted({ direct, hostFacts }: { direct: boolean; hostFacts: readonly SessionFact[] | null }): void {
    this.#isDirect = direct;
    this.#hostFacts = new Set(hostFacts?.map(storableFact));
  }

  /** Puts a fact about this charger into the outbox. */
  addFact(record: SessionRecord, atMs: number, fact: SessionFact): void {
    if (this.#hostFacts.size > 0 && this.#hostFacts.delete(storableFact(fact))) return;
    const { chargerId, generation } = record;
    this.outbox.append({ chargerId, generation, atMs, fact });
  }

  addTransactionFact(
    record: SessionRecord,
    transactionId: number,
    atMs: number,
    update?: TransactionUpdate,
  ): void {
    const fact = this.transactions.tell(transactionId, update);
    if (fact) this.addFact(record, atMs, { type: "transaction", ...fact });
  }

  /** Ends what is open or pending, because no message about its end can come any more. */
  endTransactions(record: SessionRecord, atMs: number): void {
    endStarts(record, this, atMs);
    endReservations(record, this, atMs);
    for (const transactionId of this.transactions.openIds()) {
      const stoppedAt = new Date(atMs).toISOString();
      this.transactions.apply({
        type: "transactionClosed",
        transactionId,
        seqNo: null,
        stoppedAt,
        lostStop: false,
      });
      this.addTransactionFact(record, transactionId, atMs, { stopReason: "Other" });
    }
  }

  /** Limits that a station reported hold until its next boot. */
  learn(record: SessionRecord, told: Partial<KeyLimits>): void {
    if (Object.keys(told).length === 0) return;
    record.keyLimits = { ...record.keyLimits, ...told };
    this.changed();
  }

  addTransfer(record: SessionRecord, transfer: DataTransferRow): void {
    const row = keptTransfer(transfer);
    const { atMs, ...fact } = row;
    this.transfers.append(row);
    this.addFact(record, atMs, { type: "dataTransfer", ...fact });
  }

  /** Replaces an id tag by a pseudonym in all that is stored of this charger. */
  eraseTag(record: SessionRecord, erasure: Erasure): void {
    this.frames.writeAll();
    this.knownTags.keep(erasure.key, null);
    eraseInRecord(record, erasure);
    eraseInTables(this.#storage.sql, erasure);
    this.changed();
    this.commit();
  }

  get hasUnflushed(): boolean {
    return !this.outbox.isEmpty;
  }

  /** A heartbeat that changed nothing waits with the socket. The log writes it before any other frame, and when too many wait. */
  keepHeartbeat({ generation }: SessionRecord, heartbeat: KeptHeartbeat): void {
    const memory = this.#lines.memoryOf(generation);
    if (!memory) return this.frames.appendHeartbeats([heartbeat]);
    memory.heartbeats = [...(memory.heartbeats ?? []), heartbeat];
    // A refused attachment falls back to a row.
    if (!fitsMemory(memory.heartbeats) || !this.#lines.keep(generation)) this.frames.writeAll();
  }

  #takeHeartbeats(): readonly KeptHeartbeat[] {
    const generation = this.record?.generation;
    const memory = generation === undefined ? null : this.#lines.memoryOf(generation);
    if (generation === undefined || !memory?.heartbeats?.length) return [];
    const { heartbeats } = memory;
    memory.heartbeats = [];
    this.#lines.keep(generation);
    return heartbeats;
  }

  #noteDelivered(upTo: number): boolean {
    return this.record !== null && this.#keepWithLine(this.record, { deliveredUpTo: upTo });
  }

  /** The time of the last message has been reported to Postgres. */
  noteSeen(record: SessionRecord, atMs: number): void {
    if (this.#keepWithLine(record, { seenAtMs: atMs })) return;
    record.seenAtMs = Math.max(record.seenAtMs, atMs);
    this.changed();
  }

  /** False: there is no line, or the runtime refuses the attachment. */
  #keepWithLine({ generation }: SessionRecord, told: LineMemory): boolean {
    const memory = this.#lines.memoryOf(generation);
    if (!memory) return false;
    Object.assign(memory, told);
    return this.#lines.keep(generation);
  }

  /** The line is over: what was kept with its socket is kept here from now on. The caller changes the record anyway. */
  lineEnded(record: SessionRecord, memory: LineMemory): void {
    this.frames.appendHeartbeats(memory.heartbeats ?? []);
    memory.heartbeats = [];
    withDelivered(record, memory);
    if (memory.alarmAtMs !== undefined) record.alarmAtMs = memory.alarmAtMs;
    record.seenAtMs = Math.max(record.seenAtMs, memory.seenAtMs ?? 0);
  }

  /**
   * Another charger takes the identity: it inherits nothing, but the facts of the old one still go to Postgres. The first record
   * of an object may wait for a timer if `isOffered`: a host or the prepared sessions offered it, and offer it again should it be
   * lost.
   */
  replace(record: SessionRecord, isOffered: boolean): void {
    const old = this.record;
    if (!old) return this.#first(record, isOffered);
    const { frames, knownTags, replies, reported, reports, transactions, transfers } = this;
    const parts = [frames, knownTags, replies, reported, reports, transactions, transfers];
    for (const part of parts) part.clear();
    const { alarmAtMs, outbox, factSeq, factAtMs, hasOutboxRows } = old;
    const generation = Math.max(record.generation, old.generation);
    this.#record = { ...record, generation, alarmAtMs, outbox, factSeq, factAtMs, hasOutboxRows };
    this.changed();
  }

  #first(record: SessionRecord, isOffered: boolean): void {
    this.#record = record;
    if (!isOffered) return this.changed();
    this.#isUnstored = this.#isBehind = true;
    this.#commitLater(FIRST_COMMIT_AFTER_MS);
  }

  /** Afterwards the object is as if it had never been provisioned. */
  async wipe(): Promise<void> {
    this.#record = null;
    this.#isChanged = this.#isBehind = this.#isUnstored = false;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
    const { outbox, frames, knownTags, replies, reported, reports, transactions, transfers } = this;
    const parts = [outbox, frames, knownTags, replies, reported, reports, transactions, transfers];
    for (const part of parts) part.forget();
  }
}

/** Without the facts of which only the line knows that they have arrived. */
function withDelivered(record: SessionRecord, { deliveredUpTo = 0 }: LineMemory): SessionRecord {
  // While older facts stand in the table the mark is not used.
  if (!record.hasOutboxRows) record.outbox = record.outbox.filter(({ seq }) => seq > deliveredUpTo);
  return record;
}
