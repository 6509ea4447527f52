import type { SqlExecutor } from "./executor.ts";

const walSizeQuery = `
  select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) from pg_control_checkpoint()`;
const tablesQuery = "select format('%I.%I', schemaname, relname) from pg_stat_user_tables";

/**
 * Vacuums, analyses and checkpoints once that much has been written since the last time. A PostgreSQL
 * without background processes does none of it by itself: tables and log would grow for ever.
 * @returns whether it was time to
 */
export async function tidyUp(executor: SqlExecutor, writtenBytesMax: number): Promise<boolean> {
  const [[written] = []] = await rows(executor, walSizeQuery);
  if (Number(written) < writtenBytesMax) return false;
  // One table at a time, so that requests get in between.
  for (const [table] of await rows(executor, tablesQuery)) await rows(executor, `vacuum (analyze) ${table}`);
  await rows(executor, "checkpoint");
  return true;
}

async function rows(executor: SqlExecutor, query: string): Promise<(string | null)[][]> {
  return (await executor.run({ query, params: [] })).rows;
}
