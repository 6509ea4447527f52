import type { SessionRecord } from "./session-record.ts";

/** The session's record, for the parts that keep something in it. */
export interface Notebook {
  /** Null before the session is provisioned and after it was wiped. */
  readonly page: SessionRecord | null;
  /**
   * Has the record stored before the turn ends, unless the session stores it itself. What the other end would tell again
   * may wait for the next flush where that end is patient.
   */
  changed(canWait?: boolean): void;
}
