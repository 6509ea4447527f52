import type { GoneCharger, SessionFactRow } from "../../ports.ts";

/**
 * How a delivery is sent. `shared`: after a short wait, in one statement with the facts of other sessions. `soon`: at once; with
 * others only if it has to wait for a free statement. `alone`: in a statement of its own.
 */
export type Delivery = "shared" | "soon" | "alone";

/** Writes facts to Postgres; a repeated row changes nothing. Returns the chargers of the rows that have no living row. */
export type FactSink = (rows: SessionFactRow[], delivery: Delivery) => Promise<GoneCharger[]>;

/** Callbacks of a delivery. */
export interface DeliveryReports {
  /** No row was written; the rows may be sent again. */
  failed(reason: string): void;
  /** The database refused this row for its values. It will not be sent again. */
  dropped(row: SessionFactRow, error: Error): void;
  /** The rows were written, but these chargers are deleted or have no row. */
  gone?(chargers: GoneCharger[]): void;
}

/**
 * Delivers facts. True: every row was written or dropped. A row that the database refuses for its values is dropped, because it
 * would block all later ones. Never throws.
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
