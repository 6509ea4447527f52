import type { FrameRow } from "../../../ports.ts";
import { LazyTables } from "./lazy-tables.ts";

const BLOCK_FRAMES_MAX = 100;
const BLOCK_LENGTH_MAX = 128 * 1024;
/**
 * Up to which length a stored block takes further frames. SQLite writes all pages of a row anew, so that a short block saves bytes
 * with every message; dropping costs a row for each block (`npm run bench:cost`).
 */
const APPEND_LENGTH_MAX = 6 * 1024;
/** So that a block whose newest frame is over age holds none that is much older. */
const BLOCK_SPAN_MAX_MS = 24 * 60 * 60 * 1000;

/** `body` stands last: the columns before it are read without it. It is a JSON array of frames without its last bracket. */
const TABLE = `CREATE TABLE IF NOT EXISTS frame_blocks (
  seq INTEGER PRIMARY KEY, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, frames INTEGER NOT NULL,
  length INTEGER NOT NULL, body TEXT NOT NULL)`;

type PackedFrame = [atMs: number, direction: FrameRow["direction"], action: string | null, message: string];

interface Block {
  /** Null: it has no row yet. */
  seq: number | null;
  firstMs: number;
  lastMs: number;
  frames: number;
  length: number;
}

export interface FrameCount {
  frames: number;
  /** Characters of the frames. */
  length: number;
}

export interface TimeSpan {
  startMs: number;
  endMs: number;
}

/**
 * Frames packed into rows: a write costs one row, be it that of the newest block while that is short, and dropping costs a row per
 * block instead of one per frame.
 */
export class FrameBlocks {
  readonly #table: LazyTables;
  /** The newest block; undefined: not read yet; null: there is none. */
  #newest: Block | null | undefined;
  /**
   * What the table holds, so that few prunes need a statement; undefined: to be read. `lastMs`: no block's newest frame is older;
   * it may be newer.
   */
  #held: (FrameCount & { lastMs: number }) | undefined;

  constructor(sql: SqlStorage) {
    this.#table = new LazyTables(sql, "frame_blocks", TABLE);
  }

  /** True when a block was begun behind another one: a new session has nothing to prune. */
  add(frames: readonly FrameRow[]): boolean {
    let isPruneDue = false;
    let block = this.#readNewest();
    let added: FrameRow[] = [];
    const addedLength = frames.reduce((sum, { message }) => sum + message.length, 0);
    if (block && block.length + addedLength > APPEND_LENGTH_MAX) block = null;
    const store = (stored: Block) => {
      const hasBegun = stored.seq === null;
      this.#store(stored, added);
      isPruneDue ||= hasBegun && stored.seq !== 1;
    };
    for (const frame of frames) {
      if (!block || !hasRoom(block, frame)) {
        if (block) store(block);
        [block, added] = [emptyBlock(frame.atMs), []];
      }
      block.firstMs = Math.min(block.firstMs, frame.atMs);
      block.lastMs = Math.max(block.lastMs, frame.atMs);
      block.frames++;
      block.length += frame.message.length;
      added.push(frame);
    }
    if (block) store(block);
    return isPruneDue;
  }

  #store(block: Block, added: readonly FrameRow[]): void {
    this.#newest = block;
    if (added.length === 0) return;
    const { seq, firstMs, lastMs, frames, length } = block;
    if (this.#held) {
      this.#held.frames += added.length;
      for (const { message } of added) this.#held.length += message.length;
      this.#held.lastMs = Math.min(this.#held.lastMs, lastMs);
    }
    const body = added.map((frame) => JSON.stringify(packed(frame))).join(",");
    const sql = this.#table.writing;
    if (seq !== null) {
      const text = `UPDATE frame_blocks SET first_ms = ?, last_ms = ?, frames = ?, length = ?, body = body || ? WHERE seq = ?`;
      sql.exec(text, firstMs, lastMs, frames, length, `,${body}`, seq);
      return;
    }
    const text = `INSERT INTO frame_blocks (first_ms, last_ms, frames, length, body) VALUES (?, ?, ?, ?, ?) RETURNING seq`;
    block.seq = sql.exec<{ seq: number }>(text, firstMs, lastMs, frames, length, `[${body}`).one().seq;
  }

  #readNewest(): Block | null {
    if (this.#newest !== undefined) return this.#newest;
    const text = `SELECT seq, first_ms AS firstMs, last_ms AS lastMs, frames, length FROM frame_blocks ORDER BY seq DESC LIMIT 1`;
    type Row = Record<keyof Block, number>;
    this.#newest = this.#table.reading?.exec<Row>(text).toArray()[0] ?? null;
    return this.#newest;
  }

  /** Also some that lie outside of the span. */
  *newestFirst({ startMs, endMs }: TimeSpan): Generator<FrameRow> {
    const text = "SELECT body FROM frame_blocks WHERE last_ms >= ? AND first_ms <= ? ORDER BY seq DESC";
    for (const { body } of this.#table.reading?.exec<{ body: string }>(text, startMs, endMs) ?? []) {
      const frames = JSON.parse(`${body}]`) as PackedFrame[];
      for (const [atMs, direction, action, message] of frames.toReversed())
        yield { atMs, direction, action, message };
    }
  }

  total(): FrameCount & { lastMs: number } {
    const text = `SELECT coalesce(sum(frames), 0) AS frames, coalesce(sum(length), 0) AS length,
      coalesce(min(last_ms), ${Number.MAX_SAFE_INTEGER}) AS lastMs FROM frame_blocks`;
    type Row = Record<keyof FrameCount | "lastMs", number>;
    this.#held ??= this.#table.reading?.exec<Row>(text).one();
    return this.#held ?? { frames: 0, length: 0, lastMs: Number.MAX_SAFE_INTEGER };
  }

  /** Drops blocks without a frame after `oldestMs`, and the oldest ones until the rest is within the bounds. */
  prune(oldestMs: number, bounds: FrameCount): void {
    const { frames, length, lastMs } = this.total();
    if (frames <= bounds.frames && length <= bounds.length && lastMs >= oldestMs) return;
    this.#held = undefined;
    const dropped = this.#table.reading?.exec(
      `DELETE FROM frame_blocks WHERE seq <= (SELECT coalesce(max(seq), 0) FROM (
         SELECT seq, last_ms, sum(frames) OVER newer AS frames, sum(length) OVER newer AS length FROM frame_blocks
         WINDOW newer AS (ORDER BY seq DESC)) WHERE last_ms < ? OR frames > ? OR length > ?)`,
      oldestMs,
      bounds.frames,
      bounds.length,
    );
    if ((dropped?.rowsWritten ?? 0) > 0) this.#newest = undefined;
  }

  /** Time of the newest frame in the oldest block, epoch ms. */
  oldestMs(): number | null {
    const text = "SELECT last_ms FROM frame_blocks ORDER BY seq LIMIT 1";
    return this.#table.reading?.exec<{ last_ms: number }>(text).toArray()[0]?.last_ms ?? null;
  }

  clear(): void {
    this.#table.reading?.exec("DELETE FROM frame_blocks");
    this.#newest = this.#held = undefined;
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#table.forget();
    this.#newest = this.#held = undefined;
  }
}

const emptyBlock = (atMs: number): Block => ({
  seq: null,
  firstMs: atMs,
  lastMs: atMs,
  frames: 0,
  length: 0,
});

function hasRoom({ frames, length, firstMs }: Block, { atMs, message }: FrameRow): boolean {
  if (frames >= BLOCK_FRAMES_MAX || length + message.length > BLOCK_LENGTH_MAX) return false;
  return Math.abs(atMs - firstMs) < BLOCK_SPAN_MAX_MS;
}

function packed({ atMs, direction, action, message }: FrameRow): PackedFrame {
  return [atMs, direction, action, message];
}
