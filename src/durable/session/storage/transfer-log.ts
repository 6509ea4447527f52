import type { DataTransferRow } from "../../../ports.ts";
import { keptTransfer } from "./kept-transfer.ts";
import { LazyTables } from "./lazy-tables.ts";

const ROWS_MAX = 100;

const TABLES = `CREATE TABLE IF NOT EXISTS data_transfers (
     seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at_ms INTEGER NOT NULL, direction TEXT NOT NULL, vendor_id TEXT NOT NULL,
     message_id TEXT, data TEXT, response_status TEXT, response_data TEXT, error TEXT);`;

/** The newest vendor messages of both directions. */
export class TransferLog {
  readonly #tables: LazyTables;

  constructor(sql: SqlStorage) {
    this.#tables = new LazyTables(sql, "data_transfers", TABLES);
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#tables.forget();
  }

  append(row: DataTransferRow): void {
    const { id, atMs, direction, vendorId, messageId, data, responseStatus, responseData, error } = row;
    const sql = this.#tables.writing;
    sql.exec(
      `INSERT INTO data_transfers (id, at_ms, direction, vendor_id, message_id, data, response_status, response_data, error)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      atMs,
      direction,
      vendorId,
      messageId,
      data,
      responseStatus,
      responseData,
      error,
    );
    sql.exec("DELETE FROM data_transfers WHERE seq <= (SELECT max(seq) FROM data_transfers) - ?", ROWS_MAX);
  }

  newest(limit: number): DataTransferRow[] {
    const text = "SELECT * FROM data_transfers ORDER BY seq DESC LIMIT ?";
    const rows = this.#tables.reading?.exec<StoredTransfer>(text, limit) ?? [];
    // Rows of older releases stand as they came.
    return Array.from(rows, (row) => keptTransfer(readTransfer(row)));
  }

  clear(): void {
    this.#tables.reading?.exec("DELETE FROM data_transfers");
  }
}

type StoredTransfer = {
  id: string;
  at_ms: number;
  direction: DataTransferRow["direction"];
  vendor_id: string;
  message_id: string | null;
  data: string | null;
  response_status: string | null;
  response_data: string | null;
  error: DataTransferRow["error"];
};

function readTransfer(row: StoredTransfer): DataTransferRow {
  return {
    id: row.id,
    atMs: row.at_ms,
    direction: row.direction,
    vendorId: row.vendor_id,
    messageId: row.message_id,
    data: row.data,
    responseStatus: row.response_status,
    responseData: row.response_data,
    error: row.error,
  };
}
