import { redactFrame } from "../../ocpp/redact.ts";
import { slices } from "../../ocpp/slices.ts";
import type { FrameQuery, FrameRow } from "../../ports.ts";

/** `action` of an answer is that of its CALL; null when unknown or unreadable. */
export type LoggedFrame = Omit<FrameRow, "atMs">;

const TEXT_LENGTH_MAX = 64 * 1024;
const CUT_MARK = "…[truncated]";
const FRAMES_MAX = 10_000;
const BYTES_MAX = 32 * 1024 * 1024;
export const FRAME_AGE_MAX_MS = 14 * 24 * 60 * 60 * 1000;
/** Frames between two looks at the bounds, and frames removed at once. */
const PRUNE_EVERY = 100;
const PRUNE_SLICE = 500;

/** Frames in one statement: each takes five of the hundred parameters it may have. */
const ROWS_PER_INSERT = 20;
/** How long a frame may wait for its row, and how many may. */
const WRITE_AFTER_MS = 100;
const WAITING_MAX = 100;
const WAITING_LENGTH_MAX = 256 * 1024;

type Row = [atMs: number, direction: string, action: string | null, message: string, bytesTotal: number];

/**
 * The frames of one charger as they went over the wire, without secrets. Its table exists before it is used.
 * Rows are written a moment later, many at once: whatever leaves the object waits for the writes before it, and no
 * command and no answer should wait for its own log.
 */
export class FrameLog {
  readonly #sql: SqlStorage;
  #waiting: Row[] = [];
  #waitingLength = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #appended = 0;
  /** Running total of the newest frame; read once. */
  #bytesTotal: number | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append(frames: readonly LoggedFrame[], atMs: number): void {
    for (const { direction, action, message } of frames) {
      const kept = cut(redactFrame(message));
      this.#bytesTotal = this.#total() + kept.length;
      this.#waiting.push([atMs, direction, action, kept, this.#bytesTotal]);
      this.#waitingLength += kept.length;
    }
    this.#appended += frames.length;
    if (this.#appended >= PRUNE_EVERY) {
      this.#appended = 0;
      this.prune(atMs);
    } else if (this.#waiting.length >= WAITING_MAX || this.#waitingLength >= WAITING_LENGTH_MAX)
      this.#write();
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS);
  }

  /** What is stored has changed under the log: look again, and write nothing that belongs to what was there. */
  forget(): void {
    this.#bytesTotal = undefined;
    this.#take();
  }

  #take(): Row[] {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waitingLength = 0;
    return this.#waiting.splice(0);
  }

  #write(): void {
    const waiting = this.#take();
    if (waiting.length === 0) return;
    for (const rows of slices(waiting, ROWS_PER_INSERT)) {
      const places = rows.map(() => "(?, ?, ?, ?, ?)").join(", ");
      this.#sql.exec(
        `INSERT INTO frames (at_ms, direction, action, message, bytes_total) VALUES ${places}`,
        ...rows.flat(),
      );
    }
  }

  #total(): number {
    this.#bytesTotal ??=
      this.#sql
        .exec<{ bytes_total: number }>("SELECT bytes_total FROM frames ORDER BY seq DESC LIMIT 1")
        .toArray()[0]?.bytes_total ?? 0;
    return this.#bytesTotal;
  }

  /** Newest first. */
  query({ startMs, endMs, action, limit, offset }: FrameQuery): { rows: FrameRow[]; total: number } {
    this.#write();
    const filter = `WHERE (?1 IS NULL OR at_ms >= ?1) AND (?2 IS NULL OR at_ms <= ?2)
      AND (?3 IS NULL OR lower(action) = lower(?3))`;
    const { total } = this.#sql
      .exec<{ total: number }>(`SELECT count(*) AS total FROM frames ${filter}`, startMs, endMs, action)
      .one();
    const rows = this.#sql
      .exec<{ at_ms: number; direction: FrameRow["direction"]; action: string | null; message: string }>(
        `SELECT at_ms, direction, action, message FROM frames ${filter} ORDER BY seq DESC LIMIT ?4 OFFSET ?5`,
        startMs,
        endMs,
        action,
        limit,
        offset,
      )
      .toArray()
      .map(({ at_ms, ...frame }) => ({ atMs: at_ms, ...frame }));
    return { rows, total };
  }

  /** Removes the oldest frames over one of the bounds, one slice at a time. True when more is left to remove. */
  prune(nowMs: number): boolean {
    this.#write();
    const { cursor } = this.#sql
      .exec<{ cursor: number | null }>(
        `SELECT max(seq) AS cursor FROM (SELECT seq, at_ms, bytes_total FROM frames ORDER BY seq LIMIT ${PRUNE_SLICE})
         WHERE at_ms < ? OR seq <= (SELECT max(seq) FROM frames) - ${FRAMES_MAX}
           OR bytes_total <= (SELECT bytes_total FROM frames ORDER BY seq DESC LIMIT 1) - ${BYTES_MAX}`,
        nowMs - FRAME_AGE_MAX_MS,
      )
      .one();
    if (cursor === null) return false;
    return this.#sql.exec("DELETE FROM frames WHERE seq <= ?", cursor).rowsWritten >= PRUNE_SLICE;
  }

  /** Receive time of the oldest frame, null when there is none. */
  oldestAtMs(): number | null {
    this.#write();
    const [row] = this.#sql
      .exec<{ at_ms: number }>("SELECT at_ms FROM frames ORDER BY seq LIMIT 1")
      .toArray();
    return row?.at_ms ?? null;
  }

  clear(): void {
    this.#sql.exec("DELETE FROM frames");
    this.forget();
  }
}

function cut(text: string): string {
  return text.length > TEXT_LENGTH_MAX ? text.slice(0, TEXT_LENGTH_MAX) + CUT_MARK : text;
}
