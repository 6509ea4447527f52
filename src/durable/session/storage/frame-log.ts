import { redactFrame } from "../../../ocpp/redact.ts";
import { slices } from "../../../ocpp/slices.ts";
import type { FrameQuery, FrameRow } from "../../../ports.ts";
import { actionName } from "./action-name.ts";
import { CUT_MARK, cutText } from "./cut-text.ts";
import { LazyTables } from "./lazy-tables.ts";

/** `action` of an answer is that of its CALL; null when unknown or unreadable. */
export type LoggedFrame = Omit<FrameRow, "atMs">;

const TEXT_LENGTH_MAX = 64 * 1024 + CUT_MARK.length;
const FRAMES_MAX = 10_000;
const BYTES_MAX = 32 * 1024 * 1024;
export const FRAME_AGE_MAX_MS = 14 * 24 * 60 * 60 * 1000;
/** Frames, or characters of them, between two looks at the bounds, and frames removed at once. */
const PRUNE_EVERY = 500;
const PRUNE_EVERY_LENGTH = BYTES_MAX / 8;
const PRUNE_SLICE = 1000;

/** Frames in one statement: each takes five of the hundred parameters it may have. */
const ROWS_PER_INSERT = 20;
/** How long a frame may wait for its row where no flush comes first, and how many may. */
const WRITE_AFTER_MS = 1500;
const WAITING_MAX = 500;
const WAITING_LENGTH_MAX = 256 * 1024;

const TABLE = `CREATE TABLE IF NOT EXISTS frames (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, direction TEXT NOT NULL, action TEXT, message TEXT NOT NULL,
  bytes_total INTEGER NOT NULL)`;

type Row = [atMs: number, direction: string, action: string | null, message: string];

/**
 * The frames of one charger as they went over the wire, without secrets. Rows are written a moment later, many at once
 * and where possible together with the flush of the outbox: whatever leaves the object waits for the writes before it,
 * and no command and no answer should wait for its own log.
 */
export class FrameLog {
  readonly #table: LazyTables;
  readonly #onDue: () => void;
  #waiting: Row[] = [];
  #waitingLength = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #appended = 0;
  #appendedLength = 0;
  /** Running total of the newest frame; read once. */
  #bytesTotal: number | undefined;

  /** `onDue` is called when frames have waited long enough, and has them written. */
  constructor(sql: SqlStorage, onDue: () => void) {
    this.#onDue = onDue;
    this.#table = new LazyTables(sql, "frames", TABLE);
  }

  append(frames: readonly LoggedFrame[], atMs: number): void {
    for (const { direction, action, message } of frames) {
      const kept = cutText(redactFrame(message), TEXT_LENGTH_MAX);
      this.#waiting.push([atMs, direction, actionName(action), kept]);
      this.#waitingLength += kept.length;
      this.#appendedLength += kept.length;
    }
    this.#appended += frames.length;
    if (this.#appended >= PRUNE_EVERY || this.#appendedLength >= PRUNE_EVERY_LENGTH) {
      this.#appended = this.#appendedLength = 0;
      this.prune(atMs);
    } else if (this.#waiting.length >= WAITING_MAX || this.#waitingLength >= WAITING_LENGTH_MAX) this.write();
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(this.#onDue, WRITE_AFTER_MS);
  }

  /** Everything was dropped: nothing that belongs to what was there is written. */
  forget(): void {
    this.#table.forget();
    this.#bytesTotal = undefined;
    this.#take();
  }

  #take(): Row[] {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waitingLength = 0;
    return this.#waiting.splice(0);
  }

  /** Writes what waits. */
  write(): void {
    const waiting = this.#take();
    if (waiting.length === 0) return;
    const sql = this.#table.writing;
    let total = this.#total();
    for (const rows of slices(waiting, ROWS_PER_INSERT)) {
      const places = rows.map(() => "(?, ?, ?, ?, ?)").join(", ");
      sql.exec(
        `INSERT INTO frames (at_ms, direction, action, message, bytes_total) VALUES ${places}`,
        ...rows.flatMap((row) => [...row, (total += row[3].length)]),
      );
    }
    this.#bytesTotal = total;
  }

  #total(): number {
    if (this.#bytesTotal !== undefined) return this.#bytesTotal;
    const text = "SELECT bytes_total FROM frames ORDER BY seq DESC LIMIT 1";
    const rows = this.#table.reading?.exec<{ bytes_total: number }>(text).toArray();
    return rows?.[0]?.bytes_total ?? 0;
  }

  /** Newest first. */
  query({ startMs, endMs, action, limit, offset }: FrameQuery): { rows: FrameRow[]; total: number } {
    this.write();
    const sql = this.#table.reading;
    if (!sql) return { rows: [], total: 0 };
    const filter = `WHERE (?1 IS NULL OR at_ms >= ?1) AND (?2 IS NULL OR at_ms <= ?2)
      AND (?3 IS NULL OR lower(action) = lower(?3))`;
    const { total } = sql
      .exec<{ total: number }>(`SELECT count(*) AS total FROM frames ${filter}`, startMs, endMs, action)
      .one();
    const rows = sql
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
    this.write();
    const sql = this.#table.reading;
    if (!sql) return false;
    const { cursor } = sql
      .exec<{ cursor: number | null }>(
        `SELECT max(seq) AS cursor FROM (SELECT seq, at_ms, bytes_total FROM frames ORDER BY seq LIMIT ${PRUNE_SLICE})
         WHERE at_ms < ? OR seq <= (SELECT max(seq) FROM frames) - ${FRAMES_MAX}
           OR bytes_total <= (SELECT bytes_total FROM frames ORDER BY seq DESC LIMIT 1) - ${BYTES_MAX}`,
        nowMs - FRAME_AGE_MAX_MS,
      )
      .one();
    if (cursor === null) return false;
    return sql.exec("DELETE FROM frames WHERE seq <= ?", cursor).rowsWritten >= PRUNE_SLICE;
  }

  /** Receive time of the oldest frame, null when there is none. */
  oldestAtMs(): number | null {
    this.write();
    const text = "SELECT at_ms FROM frames ORDER BY seq LIMIT 1";
    return this.#table.reading?.exec<{ at_ms: number }>(text).toArray()[0]?.at_ms ?? null;
  }

  clear(): void {
    this.#take();
    this.#table.reading?.exec("DELETE FROM frames");
    this.#bytesTotal = undefined;
  }
}
