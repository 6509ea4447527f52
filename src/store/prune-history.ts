import { z } from "zod";
import { onlyRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

const KEEP_DAYS = 90;
/** Rows deleted by one statement: it ends long before its deadline and holds no lock for long. */
const ROWS_PER_STATEMENT = 5_000;
/** Time of one pass; the rest is left to the next pass, a minute later. */
const BUDGET_MS = 20_000;
/**
 * Tables and their receive time. The station's own time is not used: it may deliver a backlog of months, and its
 * clock may show 1970.
 */
const PRUNED = {
  meter_values: "received_at",
  security_events: "received_at",
  station_events: "received_at",
  data_transfers: "at",
};

/** Deletes the oldest rows, found by the index on their time and deleted by their physical address (`ctid`). */
const statementOf = (table: string, receivedAt: string, rows: number) => `WITH gone AS (
    DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table}
      WHERE ${receivedAt} < $1::timestamptz - interval '${KEEP_DAYS} days' ORDER BY ${receivedAt} LIMIT ${rows}))
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
 * Deletes rows older than 90 days from all tables in turn, until none is left or the time is used up. Before that it expires remote
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
    for (const [table, receivedAt] of left) {
      const rows = await sql.write(statementOf(table, receivedAt, rowsPerStatement), [now]);
      if (onlyRow(goneRow, rows).gone === rowsPerStatement) full.push([table, receivedAt]);
    }
    if (clock() >= endMs) return;
    left = full;
  }
}
