import type { Engine } from "./engine.ts";
import { runFilter } from "./run-filter.ts";
import { runLog } from "./run-log.ts";
import { runColumns, type RunRow } from "./run-table.ts";

const pageSize = 10;

/** One page of `client.logs`, newest run first; cursor "" = the end. */
export function listRuns(engine: Engine, query: URLSearchParams): { cursor: string; runs: object[] } {
  const count = Math.min(pageSize, Math.max(1, Number(query.get("count")) || pageSize));
  const beforePk = Number(query.get("cursor")) || Number.MAX_SAFE_INTEGER;
  const { where, values } = runFilter(query, false);
  const rows = engine.db
    .prepare<RunRow>(`SELECT ${runColumns} FROM runs WHERE pk < ? AND ${where} ORDER BY pk DESC LIMIT ?`)
    .all(beforePk, ...values, count + 1);
  const shown = rows.slice(0, count);
  return {
    cursor: rows.length > count ? String(shown.at(-1)?.pk) : "",
    runs: shown.map((run) => runLog(engine, run)),
  };
}
