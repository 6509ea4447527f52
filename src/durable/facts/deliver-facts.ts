import type { GoneCharger, SessionFactRow } from "../../ports.ts";

/**
 * `shared`: waits a moment for the facts of others, to share a statement with them. `soon`: shares one only where it has to wait
 * anyway. `alone`: shares none.
 */
export type Delivery = "shared" | "soon" | "alone";

/** Takes facts to Postgres; repeating a row changes nothing there. Says which of their chargers are gone. */
export type FactSink = (rows: SessionFactRow[], delivery: Delivery) => Promise<GoneCharger[]>;

/** What a delivery reports on its way. */
export interface DeliveryReports {
  /** Nothing was taken; the rows may be sent again. */
  failed(reason: string): void;
  /** The database refused this row for its values. */
  dropped(row: SessionFactRow, error: Error): void;
  /** The rows were taken, but these chargers have no living row. */
  gone?(chargers: GoneCharger[]): void;
}

/**
 * True when every row has arrived or was dropped. A row that the database refuses on its own is dropped: kept, it would hold up
 * all that come after it. Never throws.
 */
export async function deliverFacts(
  sink: FactSink,
  rows: SessionFactRow[],
  delivery: Delivery,
  reports: DeliveryReports,
): Promise<boolean> {
  try {
    const gone = await sink(rows, delivery);
    if (gone.length > 0) reports.gone?.(gone);
    return true;
  } catch (error) {
    if (!isRefusal(error)) {
      reports.failed(error instanceof Error ? error.message : "unknown");
      return false;
    }
    if (rows.length === 1) {
      for (const row of rows) reports.dropped(row, error);
      return true;
    }
  }
  for (const row of rows) if (!(await deliverFacts(sink, [row], "alone", reports))) return false;
  return true;
}

/** SQLSTATE classes 22 and 23: the values themselves are at fault, and a repeat ends the same way. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^2[23]/.test(String(error.code));
}
