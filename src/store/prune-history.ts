import { z } from "zod";
import { onlyRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

const KEEP_DAYS = 90;
/** Of one statement: far below its deadline, and no lock is held for long. */
const ROWS_PER_STATEMENT = 5_000;
/** Of one pass, which runs every minute: what is left over waits for the next. */
const BUDGET_MS = 20_000;
/** By when rows came in: a station may deliver months of backlog, and its clock may say 1970. */
const PRUNED = {
  meter_values: "received_at",
  security_events: "received_at",
  station_events: "received_at",
  data_transfers: "at",
};

/** The oldest first, found by the index on their time and deleted where they stand. */
const statementOf = (table: string, receivedAt: string, rows: number) => `WITH gone AS (
    DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table}
      WHERE ${receivedAt} < $1::timestamptz - interval '${KEEP_DAYS} days' ORDER BY ${receivedAt} LIMIT ${rows}))
    RETURNING 1)
  SELECT count(*)::int AS gone FROM gone`;

const goneRow = z.object({ gone: z.number() });

export interface PruneBounds {
  rowsPerStatement?: number;
  budgetMs?: number;
  /** Epoch ms. */
  clock?: () => number;
}

/** Deletes what is too old, in turns of all tables, until nothing is left or the time is used up. */
export async function pruneHistory(
  sql: Pick<Sql, "write">,
  now: Date,
  { rowsPerStatement = ROWS_PER_STATEMENT, budgetMs = BUDGET_MS, clock = Date.now }: PruneBounds = {},
): Promise<void> {
  const endMs = clock() + budgetMs;
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
