import { z } from "zod";
import { EVENTS_KEPT_DAYS } from "../ports.ts";
import { onlyRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

const HISTORY_DAYS = 90;
/** Rows deleted by one statement: it ends long before its deadline and holds no lock for long. */
const ROWS_PER_STATEMENT = 5_000;
/** Time of one pass; the rest is left to the next pass, a minute later. */
const BUDGET_MS = 20_000;
/**
 * Tables, their receive time and how long their rows are kept. The station's own time is not used: it may deliver a backlog of
 * months, and its clock may show 1970.
 */
const PRUNED = {
  meter_values: { arrival: "received_at", days: HISTORY_DAYS },
  security_events: { arrival: "received_at", days: HISTORY_DAYS },
  station_events: { arrival: "received_at", days: HISTORY_DAYS },
  data_transfers: { arrival: "at", days: HISTORY_DAYS },
  events: { arrival: "created_at", days: EVENTS_KEPT_DAYS },
};
type Pruned = (typeof PRUNED)[keyof typeof PRUNED];

/** Deletes the oldest rows, found by the index on their time and deleted by their physical address (`ctid`). */
const statementOf = (table: string, { arrival, days }: Pruned, rows: number) => `WITH gone AS (
    DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table}
      WHERE ${arrival} < $1::timestamptz - interval '${days} days' ORDER BY ${arrival} LIMIT ${rows}))
    RETURNING 1)
  SELECT count(*)::int AS gone FROM gone`;

/**
 * A session expires its own remote starts after ten minutes; this is for those whose session was lost. Whatever is told of the
 * transaction later has a higher revision.
 */
const EXPIRE = `UPDATE transactions SET status = 'expired', revision = 0, updated_at = $1::timestamptz
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
 * Deletes rows that are older than they are kept, from all tables in turn, until none is left or the time is used up. Before that it expires remote
 * starts of lost sessions.
 */
export async function pruneHistory(
  sql: Pick<Sql, "write">,
  now: Date,
  { rowsPerStatement = ROWS_PER_STATEMENT, budgetMs = BUDGET_MS, clock = Date.now }: PruneBounds = {},
): Promise<void> {
  const endMs = clock() + budgetMs;
  await sql.write(EXPIRE, [now]);
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
