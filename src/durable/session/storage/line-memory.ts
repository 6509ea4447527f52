import type { KeptHeartbeat } from "./kept-heartbeat.ts";

/**
 * What a session keeps with its open socket instead of in storage: it survives hibernation and writes no row, and is lost when
 * the runtime ends without a close. Every field is absent in an attachment of an older release.
 */
export interface LineMemory {
  /** The other end is a simulator host of this deployment. */
  direct?: boolean;
  /** Heartbeats that the frame log has not written yet, the oldest first. */
  heartbeats?: KeptHeartbeat[];
  /** When the alarm is set to ring, epoch ms; null: it is not set. Absent: the record knows. */
  alarmAtMs?: number | null;
  /** Facts up to this number have reached Postgres, although the stored record may still list them. */
  deliveredUpTo?: number;
  /** Time of the last message that has been reported to Postgres, epoch ms. */
  seenAtMs?: number;
}

/** Gives the storage of a session access to the memory of its open line. */
export interface LineMemories {
  /** Of the open line of this generation; null: there is none. */
  memoryOf(generation: number): LineMemory | null;
  /** Stores what the memory of that line says now. False: there is no line, or the runtime refuses the attachment. */
  keep(generation: number): boolean;
}
