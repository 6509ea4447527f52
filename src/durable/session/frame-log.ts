import { redactFrame } from "../../ocpp/redact.ts";
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

/** The frames of one charger as they went over the wire, without secrets. Its table exists before it is used. */
export class FrameLog {
  readonly #sql: SqlStorage;
  #appended = 0;
  /** Running total of the newest frame; read once. */
  #bytesTotal: number | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append(frames: readonly LoggedFrame[], atMs: number): void {
    if (frames.length === 0) return;
    const values: (string | number | null)[] = [];
    for (const { direction, action, message } of frames) {
      const kept = cut(redactFrame(message));
      this.#bytesTotal = this.#total() + kept.length;
      values.push(atMs, direction, action, kept, this.#bytesTotal);
    }
    const rows = frames.map(() => "(?, ?, ?, ?, ?)").join(", ");
    this.#sql.exec(
      `INSERT INTO frames (at_ms, direction, action, message, bytes_total) VALUES ${rows}`,
      ...values,
    );
    this.#appended += frames.length;
    if (this.#appended < PRUNE_EVERY) return;
    this.#appended = 0;
    this.prune(atMs);
  }

  /** What is stored has changed under the log: look again. */
  forget(): void {
    this.#bytesTotal = undefined;
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
