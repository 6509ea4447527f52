import type { SessionFact } from "../../ports.ts";
import { migrate } from "../migrations.ts";
import { FrameLog } from "./frame-log.ts";
import { Outbox } from "./outbox.ts";
import { ReplyCache } from "./reply-cache.ts";
import type { SessionRecord } from "./session-record.ts";

const RECORD_KEY = "record";

/**
 * The storage of one session: a record, and tables that exist from the first connection on. Everything is synchronous, so
 * that what one turn changes is stored together. An object without a record has stored nothing.
 */
export class SessionStore {
  readonly frames: FrameLog;
  readonly outbox: Outbox;
  readonly replies: ReplyCache;
  readonly #storage: DurableObjectStorage;
  #record: SessionRecord | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.frames = new FrameLog(storage.sql);
    this.outbox = new Outbox(storage.sql);
    this.replies = new ReplyCache(storage.sql);
  }

  get record(): SessionRecord | null {
    this.#record ??= this.#storage.kv.get<SessionRecord>(RECORD_KEY) ?? null;
    return this.#record;
  }

  get hasTables(): boolean {
    return (this.record?.tablesVersion ?? 0) > 0;
  }

  save(record: SessionRecord): void {
    this.#record = record;
    this.#storage.kv.put(RECORD_KEY, record);
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

  get hasUnflushed(): boolean {
    return this.hasTables && !this.outbox.isEmpty;
  }

  /** Another charger takes the identity: it inherits nothing, but what the old one still has to tell is told. */
  replace(record: SessionRecord): void {
    const old = this.record;
    if (old && this.hasTables) {
      this.frames.clear();
      this.replies.clear();
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
    for (const part of [this.outbox, this.replies, this.frames]) part.forget();
  }
}
