import type { SessionRecord } from "./session-record.ts";

/**
 * `confirmed`: an answer relies on it, so it is stored before anything leaves. `repeatable`: the station reports it again on its next
 * line, so a direct line may store it a moment later. `boot`: the same while the session itself is not stored yet, for its station then
 * boots again; otherwise `confirmed`. `connection`: no answer to a message relies on it, so it waits for the boot of a session that is
 * not stored yet; otherwise `repeatable`.
 */
export type Change = "confirmed" | "repeatable" | "boot" | "connection";

/** The session's record, for the parts that keep something in it. */
export interface RecordHolder {
  /** Null before the session is provisioned and after it was wiped. */
  readonly record: SessionRecord | null;
  /** To be called after every change of the record. */
  changed(change?: Change): void;
}
