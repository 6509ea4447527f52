import { offsetAfter } from "../../../ocpp/meter-continuity.ts";
import { LazyTables } from "./lazy-tables.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS meter_breaks (
  transaction_id INTEGER PRIMARY KEY, offset_wh INTEGER NOT NULL)`;

/** Readings of a transaction in their order; null: there is none. */
type Readings = readonly (number | null)[];

/** How much the registers of transactions have lost by going back. Almost none does, so that almost no object has the table. */
export class MeterBreaks {
  readonly #table: LazyTables;

  constructor(sql: SqlStorage) {
    this.#table = new LazyTables(sql, "meter_breaks", TABLE);
  }

  /** Wh to add to the last reading of a transaction, see `offsetAfter`. */
  offsetOf(transactionId: number): number {
    const text = "SELECT offset_wh FROM meter_breaks WHERE transaction_id = ?";
    const rows = this.#table.reading?.exec<{ offset_wh: number }>(text, transactionId).toArray() ?? [];
    return rows[0]?.offset_wh ?? 0;
  }

  /** Takes the next readings of a transaction, the first of which was taken before. */
  take(transactionId: number, readings: Readings): void {
    const known = readings.filter((reading) => reading !== null);
    const steps = known.slice(1).map((reading, index) => offsetAfter(known[index] ?? reading, reading));
    const offsetWh = steps.reduce((sum, step) => sum + step, 0);
    if (offsetWh === 0) return;
    this.#table.writing.exec(
      `INSERT INTO meter_breaks (transaction_id, offset_wh) VALUES (?, ?)
       ON CONFLICT (transaction_id) DO UPDATE SET offset_wh = offset_wh + excluded.offset_wh`,
      transactionId,
      offsetWh,
    );
  }

  /** Forgets all transactions but those of which `isKept` is a condition. */
  prune(isKept: string): void {
    this.#table.reading?.exec(`DELETE FROM meter_breaks WHERE NOT (${isKept})`);
  }

  clear(): void {
    this.#table.reading?.exec("DELETE FROM meter_breaks");
  }

  /** Call after deleteAll(). */
  forget(): void {
    this.#table.forget();
  }
}
