import type { JsonObject } from "./json.ts";

export interface ReportPart {
  /** Null where the message carries none: then the order of arrival counts. */
  readonly seqNo: number | null;
  readonly isLast: boolean;
  readonly rows: readonly JsonObject[];
}

/** Bounds what one report may hold in memory. */
const ROWS_MAX = 50_000;

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
    return this.#isComplete() ? this.#rows() : null;
  }

  #isComplete(): boolean {
    return this.#lastSeqNo !== null && this.#parts.size === this.#lastSeqNo + 1;
  }

  #rows(): JsonObject[] {
    return [...this.#parts].toSorted(([a], [b]) => a - b).flatMap(([, rows]) => rows);
  }
}
