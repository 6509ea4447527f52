import { isJsonObject, type JsonObject } from "../../../ocpp/json.ts";
import { redactPayload } from "../../../ocpp/redact.ts";
import { reportOf } from "../../../ocpp/report-request.ts";
import { ReportAssembly } from "../../../ocpp/report-assembly.ts";
import type { ReportKind } from "../../../ocpp/station-state.ts";
import type { OcppReport } from "../../../ports.ts";
import { LazyTables } from "./lazy-tables.ts";

const AGE_MAX_MS = 24 * 60 * 60 * 1000;
/** Limits per charger: requests, parts of all their reports, and characters of these parts. */
const BOUNDS = { requests: 32, parts: 2_000, length: 8 * 1024 * 1024 };

/** `seq` of the row that stands for the request itself, with the action as its text. The rows from 0 on are the parts of its report. */
const REQUEST_SEQ = -1;

const TABLE = `CREATE TABLE IF NOT EXISTS reports (
  request_id INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, is_last INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (request_id, seq)) WITHOUT ROWID`;

interface Kept {
  parts: number;
  length: number;
}

/** One message of a report. `seqNo` null: it has no number, and parts are numbered as they come. */
interface ReportMessage {
  readonly report: ReportKind;
  readonly requestId: number;
  readonly seqNo: number | null;
  readonly isLast: boolean;
  readonly payload: JsonObject;
}

type Row = { seq: number; at_ms: number; is_last: number; text: string };

/**
 * Reports that clients asked for by requests of their own, by request id, for a day. Parts are stored without secrets, one row each;
 * parts of a report that nobody asked for in that way are not stored. A part that comes again changes nothing.
 */
export class ReportTable {
  readonly #table: LazyTables;
  /** What is stored now; null: not counted yet, or changed since. */
  #kept: Kept | null = null;

  constructor(sql: SqlStorage) {
    this.#table = new LazyTables(sql, "reports", TABLE);
  }

  /** Call before a request is sent. Deletes the report of an earlier request with the same id. */
  expect(requestId: number, action: string, nowMs: number): void {
    this.prune(nowMs);
    this.withdraw(requestId);
    this.#insert(requestId, REQUEST_SEQ, nowMs, false, action);
    const text = `SELECT request_id FROM reports WHERE seq = ${REQUEST_SEQ} ORDER BY at_ms DESC, request_id LIMIT -1 OFFSET ?`;
    const older = this.#table.writing.exec<{ request_id: number }>(text, BOUNDS.requests).toArray();
    for (const { request_id } of older) this.withdraw(request_id);
  }

  /** Deletes a request that the station refused: no report will come. */
  withdraw(requestId: number): void {
    this.#delete("request_id = ?", requestId);
  }

  /** Stores a part of a report, if a client asked for the report. */
  take({ report, requestId, seqNo, isLast, payload }: ReportMessage, nowMs: number): void {
    const action = this.#actionOf(requestId);
    if (action === null || reportOf(action) !== report) return;
    const text = JSON.stringify(redactPayload(payload));
    const seq = seqNo ?? this.#nextSeq(requestId, text);
    if (seq !== null && seq > REQUEST_SEQ && this.#hasRoomFor(text))
      this.#insert(requestId, seq, nowMs, isLast, text);
  }

  find(requestId: number, nowMs: number): OcppReport | null {
    const text = "SELECT seq, at_ms, is_last, text FROM reports WHERE request_id = ? ORDER BY seq";
    const [request, ...parts] = this.#table.reading?.exec<Row>(text, requestId).toArray() ?? [];
    if (request?.seq !== REQUEST_SEQ || request.at_ms <= nowMs - AGE_MAX_MS) return null;
    const assembly = new ReportAssembly();
    for (const { seq, is_last } of parts) assembly.add({ seqNo: seq, isLast: is_last === 1, rows: [] });
    const { missing } = assembly;
    return {
      requestId,
      action: request.text,
      complete: missing?.length === 0,
      missing: missing ?? [],
      parts: parts.map((part) => payloadOf(part)),
    };
  }

  /** Forgets what is over age. */
  prune(nowMs: number): void {
    const aged = `SELECT request_id FROM reports WHERE seq = ${REQUEST_SEQ} AND at_ms <= ?`;
    this.#delete(`request_id IN (${aged})`, nowMs - AGE_MAX_MS);
  }

  clear(): void {
    this.#delete("TRUE");
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#table.forget();
    this.#kept = null;
  }

  /** Action of the request with this id; null: no client sent one. */
  #actionOf(requestId: number): string | null {
    const text = "SELECT text FROM reports WHERE request_id = ? AND seq = ?";
    return (
      this.#table.reading?.exec<{ text: string }>(text, requestId, REQUEST_SEQ).toArray()[0]?.text ?? null
    );
  }

  #delete(condition: string, ...values: number[]): void {
    const cursor = this.#table.reading?.exec(`DELETE FROM reports WHERE ${condition}`, ...values);
    if (cursor && cursor.rowsWritten > 0) this.#kept = null;
  }

  /** Number for a part that has none; null: the same part is stored already. */
  #nextSeq(requestId: number, part: string): number | null {
    const text = `SELECT max(seq) + 1 AS next, max(seq > ${REQUEST_SEQ} AND text = ?) AS is_known FROM reports WHERE request_id = ?`;
    const { next, is_known } = this.#table.writing
      .exec<{ next: number; is_known: number }>(text, part, requestId)
      .one();
    return is_known === 1 ? null : next;
  }

  #hasRoomFor(part: string): boolean {
    const { parts, length } = (this.#kept ??= this.#count());
    return parts < BOUNDS.parts && length + part.length <= BOUNDS.length;
  }

  #count(): Kept {
    const text = `SELECT count(*) AS parts, total(length(text)) AS length FROM reports WHERE seq > ${REQUEST_SEQ}`;
    return this.#table.writing.exec<{ parts: number; length: number }>(text).one();
  }

  #insert(requestId: number, seq: number, atMs: number, isLast: boolean, text: string): void {
    const { rowsWritten } = this.#table.writing.exec(
      "INSERT OR IGNORE INTO reports (request_id, seq, at_ms, is_last, text) VALUES (?, ?, ?, ?, ?)",
      requestId,
      seq,
      atMs,
      isLast ? 1 : 0,
      text,
    );
    if (rowsWritten === 0 || seq === REQUEST_SEQ || !this.#kept) return;
    this.#kept.parts++;
    this.#kept.length += text.length;
  }
}

function payloadOf({ text }: Row): JsonObject {
  const payload: unknown = JSON.parse(text);
  return isJsonObject(payload) ? payload : {};
}
