import type { FrameRow } from "../../../ports.ts";
import type { FrameCount, TimeSpan } from "./frame-blocks.ts";

/** Frames removed at once. */
const PRUNE_SLICE = 1000;

/**
 * The table in which releases before `FrameBlocks` kept a row per frame. It is read until its frames are over age or over the
 * bounds, and dropped when it is empty. An older release that is rolled back to creates it again.
 */
export class OlderFrames {
  readonly #sql: SqlStorage;
  #isThere: boolean | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get #reading(): SqlStorage | null {
    this.#isThere ??=
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'frames'").toArray()
        .length > 0;
    return this.#isThere ? this.#sql : null;
  }

  *newestFirst({ startMs, endMs }: TimeSpan): Generator<FrameRow> {
    const text = `SELECT at_ms, direction, action, message FROM frames WHERE at_ms BETWEEN ? AND ? ORDER BY seq DESC`;
    type Row = { at_ms: number; direction: FrameRow["direction"]; action: string | null; message: string };
    for (const { at_ms, ...frame } of this.#reading?.exec<Row>(text, startMs, endMs) ?? [])
      yield { atMs: at_ms, ...frame };
  }

  /** `bounds`: what may be left. */
  prune(oldestMs: number, bounds: () => FrameCount): void {
    const sql = this.#reading;
    if (!sql) return;
    const { frames, length } = bounds();
    for (;;) {
      const { cursor } = sql
        .exec<{ cursor: number | null }>(
          `SELECT max(seq) AS cursor FROM (SELECT seq, at_ms, bytes_total FROM frames ORDER BY seq LIMIT ${PRUNE_SLICE})
           WHERE at_ms < ? OR seq <= (SELECT max(seq) FROM frames) - ?
             OR bytes_total <= (SELECT bytes_total FROM frames ORDER BY seq DESC LIMIT 1) - ?`,
          oldestMs,
          frames,
          length,
        )
        .one();
      if (cursor !== null) sql.exec("DELETE FROM frames WHERE seq <= ?", cursor);
      else if (this.oldestMs() !== null) return;
      else return this.clear();
    }
  }

  oldestMs(): number | null {
    const text = "SELECT at_ms FROM frames ORDER BY seq LIMIT 1";
    return this.#reading?.exec<{ at_ms: number }>(text).toArray()[0]?.at_ms ?? null;
  }

  clear(): void {
    this.#reading?.exec("DROP TABLE frames");
    this.#isThere = false;
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#isThere = false;
  }
}
