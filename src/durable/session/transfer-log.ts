import type { DataTransferRow } from "../../ports.ts";

const ROWS_MAX = 100;

/** The newest vendor messages of both directions. */
export class TransferLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append(row: DataTransferRow): void {
    const { id, atMs, direction, vendorId, messageId, data, responseStatus, responseData, error } = row;
    this.#sql.exec(
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
    this.#sql.exec(
      "DELETE FROM data_transfers WHERE seq <= (SELECT max(seq) FROM data_transfers) - ?",
      ROWS_MAX,
    );
  }

  newest(limit: number): DataTransferRow[] {
    return this.#sql
      .exec<StoredTransfer>("SELECT * FROM data_transfers ORDER BY seq DESC LIMIT ?", limit)
      .toArray()
      .map(readTransfer);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM data_transfers");
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
