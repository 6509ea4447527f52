import type { Engine } from "./engine.ts";
import { runFilter } from "./run-filter.ts";

const countMax = 100;

/** Cancels at most 100 live runs a query names; the caller repeats until none is left. */
export function cancelRuns(engine: Engine, query: URLSearchParams): number {
  const count = Math.min(countMax, Math.max(1, Number(query.get("count")) || countMax));
  const { where, values } = runFilter(query, query.get("workflowUrlExactMatch") !== "true");
  const live = engine.db.prepare<{ run_id: string }>(
    `SELECT run_id FROM runs WHERE state = 'RUN_STARTED' AND ${where} ORDER BY pk LIMIT ?`,
  );
  return engine.db.transaction(
    () =>
      live.all(...values, count).filter(({ run_id }) => engine.runs.end(run_id, "RUN_CANCELED", null)).length,
  );
}
