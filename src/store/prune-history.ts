import { z } from "zod";
import { EVENTS_KEPT_DAYS } from "../ports.ts";
import { expireLostReservations } from "./reservations.ts";
import { onlyRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

const HISTORY_DAYS = 90;
/** Rows deleted by one statement: it ends long before its deadline and holds no lock for long. */
const ROWS_PER_STATEMENT = 5_000;
/** Time of one pass; the rest is left to the next pass, a minute later. */
const BUDGET_MS = 20_000;
interface Pruned {
  /** Column with the time of arrival. The station's own time is not used: it may deliver a backlog of months, and show 1970. */
  arrival: string;
  days: number;
  /** Condition of the rows that may be deleted; absent: all. */
  only?: string;
}

/** Tables and how long their rows are kept. The newest fact of a reservation that ended is the one that told of its end. */
const PRUNED: Record<string, Pruned> = {
  meter_values: { arrival: "received_at", days: HISTORY_DAYS },
  security_events: { arrival: "received_at", days: HISTORY_DAYS },
  station_events: { arrival: "received_at", days: HISTORY_DAYS },
  data_transfers: { arrival: "at", days: HISTORY_DAYS },
  reservations: { arrival: "updated_at", days: HISTORY_DAYS, only: "status <> 'active'" },
  events: { arrival: "created_at", days: EVENTS_KEPT_DAYS },
  webhook_deliveries: { arrival: "created_at", days: EVENTS_KEPT_DAYS },
};

/** Deletes the oldest rows, found by the index on their time and deleted by their physical address (`ctid`). */
const statementOf = (table: string, { arrival, days, only = "true" }: Pruned, rows: number) => `WITH gone AS (
    DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table}
      WHERE ${only} AND ${arrival} < $1::timestamptz - interval '${days} days' ORDER BY ${arrival} LIMIT ${rows}))
    RETURNING 1)
  SELECT count(*)::int AS gone FROM gone`;

/**
 * A session expires its own remote starts after ten minutes; this is for those whose session was lost. Whatever is told of the
 * transaction later has a higher revision.
 */
const EXPIRE_STARTS = `UPDATE transactions SET status = 'expired', revision = 0, updated_at = $1::timestamptz
  WHERE ctid = ANY(ARRAY(SELECT ctid FROM transactions WHERE status = 'pending'
    AND started_at < $1::timestamptz - interval '1 day' ORDER BY started_at LIMIT ${ROWS_PER_STATEMENT}))`;

const goneRow = z.object({ gone: z.number() });

/** Bounds of one pass; tests lower them. */
export interface PruneBounds {
  rowsPerStatement?: number;
  budgetMs?: number;
  /** Epoch ms. */
  clock?: () => number;
}

/**
 * Deletes rows that are older than they are kept, from all tables in turn, until none is left or the time is used up. Before that
 * it expires remote starts and reservations of lost sessions.
 */
export async function pruneHistory(
  sql: Pick<Sql, "write">,
  now: Date,
  { rowsPerStatement = ROWS_PER_STATEMENT, budgetMs = BUDGET_MS, clock = Date.now }: PruneBounds = {},
): Promise<void> {
  const endMs = clock() + budgetMs;
  await sql.write(EXPIRE_STARTS, [now]);
  await expireLostReservations(sql, now, ROWS_PER_STATEMENT);
  let left = Object.entries(PRUNED);
  while (left.length > 0) {
    const full: typeof left = [];
    for (const [table, kept] of left) {
      const rows = await sql.write(statementOf(table, kept, rowsPerStatement), [now]);
      if (onlyRow(goneRow, rows).gone === rowsPerStatement) full.push([table, kept]);
    }
    if (clock() >= endMs) return;
    left = full;
  }
}
