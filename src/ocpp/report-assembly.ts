import type { JsonObject } from "./json.ts";

export interface ReportPart {
  /** Null where the message carries none: then the order of arrival counts. */
  readonly seqNo: number | null;
  readonly isLast: boolean;
  readonly rows: readonly JsonObject[];
}

/** Bounds what one report may hold in memory. */
const ROWS_MAX = 50_000;
/** Bounds what is told of a gap. */
const MISSING_MAX = 100;

/** Puts the parts of one NotifyReport-like sequence together (2.x B07, B08); parts may come late or twice. */
export class ReportAssembly {
  readonly #parts = new Map<number, readonly JsonObject[]>();
  #rowCount = 0;
  #lastSeqNo: number | null = null;

  /** All rows in order once the sequence is complete, else null. */
  add(part: ReportPart): JsonObject[] | null {
    const seqNo = part.seqNo ?? this.#parts.size;
    if (!this.#parts.has(seqNo) && this.#rowCount + part.rows.length <= ROWS_MAX) {
      this.#parts.set(seqNo, part.rows);
      this.#rowCount += part.rows.length;
    }
    if (part.isLast) this.#lastSeqNo = seqNo;
    return this.missing?.length === 0 ? this.#rows() : null;
  }

  /** The numbers of parts that the last one shows to be missing, the first of many; null while it has not come. */
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
