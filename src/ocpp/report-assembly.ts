import type { JsonObject } from "./json.ts";

/** One message of a report; `isLast`: no message follows (`tbc` false). */
export interface ReportPart {
  /** Null: the message has none, and parts are ordered by arrival. */
  readonly seqNo: number | null;
  readonly isLast: boolean;
  readonly rows: readonly JsonObject[];
}

/** Most rows of one report, to bound memory. */
const ROWS_MAX = 50_000;
/** Most missing part numbers that are returned. */
const MISSING_MAX = 100;

/** Collects the parts of one report (2.x B07, B08), in any order and with repeats. */
export class ReportAssembly {
  readonly #parts = new Map<number, readonly JsonObject[]>();
  #rowCount = 0;
  #lastSeqNo: number | null = null;

  /** Adds a part. Returns all rows in order if the report is complete, otherwise null. */
  add(part: ReportPart): JsonObject[] | null {
    const seqNo = part.seqNo ?? this.#parts.size;
    if (!this.#parts.has(seqNo) && this.#rowCount + part.rows.length <= ROWS_MAX) {
      this.#parts.set(seqNo, part.rows);
      this.#rowCount += part.rows.length;
    }
    if (part.isLast) this.#lastSeqNo = seqNo;
    return this.missing?.length === 0 ? this.#rows() : null;
  }

  /** Numbers of missing parts, once the last part has arrived; null before. */
  get missing(): number[] | null {
    if (this.#lastSeqNo === null) return null;
    const missing: number[] = [];
    for (let seqNo = 0; seqNo <= this.#lastSeqNo && missing.length < MISSING_MAX; seqNo++)
      if (!this.#parts.has(seqNo)) missing.push(seqNo);
    return missing;
  }

  #rows(): JsonObject[] {
    return [...this.#parts].toSorted(([a], [b]) => a - b).flatMap(([, rows]) => rows);
  }
}
