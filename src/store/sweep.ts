import { z } from "zod";
import type { JobStore, StuckJob } from "../ports.ts";
import { parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";

const PASS_SECONDS = 50;
const UNDISPATCHED_SECONDS = 60;
/** Longer than the retry delays of a run and its longest step together. */
const STUCK_SECONDS = 600;
const ATTEMPTS_MAX = 5;

const LOCK = `INSERT INTO task_locks AS l (name, locked_until) VALUES ('sweeper', $1::timestamptz + interval '${PASS_SECONDS} seconds')
  ON CONFLICT (name) DO UPDATE SET locked_until = excluded.locked_until WHERE l.locked_until < $1::timestamptz RETURNING name`;

const CLOSE = `UPDATE jobs j SET status = 'READY', provisioned_at = $1::timestamptz
  WHERE j.status IN ('PENDING', 'PROVISIONING')
    AND NOT EXISTS (SELECT 1 FROM chargers c WHERE c.job_id = j.id AND c.status = 'PENDING')`;

/** Published, but no run was seen: the same run id again, so that a run that exists after all stays the only one. */
const REPUBLISH = `UPDATE jobs SET published_at = $1::timestamptz,
    workflow_run_id = 'wfr_' || id || CASE WHEN type = 'charger_create' THEN '-0' ELSE '' END
  WHERE status = 'PENDING' AND published_at < $1::timestamptz - interval '${UNDISPATCHED_SECONDS} seconds'
  RETURNING id, organization_id, type, total, attempt, 'republish' AS action`;

/** No progress of this job nor of any other of the organisation, which it may be queued behind. */
const STUCK = `WITH progress AS (
    SELECT j.id, j.organization_id, greatest(j.published_at, max(c.settled_at)) AS at
    FROM jobs j LEFT JOIN chargers c ON c.job_id = j.id
    WHERE j.status = 'PROVISIONING' GROUP BY j.id
  ), busy AS (
    SELECT organization_id, max(at) AS at FROM progress GROUP BY organization_id
  )
  UPDATE jobs j SET attempt = j.attempt + 1, published_at = $1::timestamptz
  FROM busy b
  WHERE j.organization_id = b.organization_id AND j.status = 'PROVISIONING'
    AND b.at < $1::timestamptz - interval '${STUCK_SECONDS} seconds'
  RETURNING j.id, j.organization_id, j.type, j.total, j.attempt,
    CASE WHEN j.attempt > ${ATTEMPTS_MAX} THEN 'giveUp' ELSE 'retry' END AS action`;

const FORGET_KEYS = `DELETE FROM idempotency_keys WHERE claimed_at < $1::timestamptz - interval '24 hours'`;

const stuckRow = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    type: z.string(),
    total: z.number(),
    attempt: z.number(),
    action: z.enum(["republish", "retry", "giveUp"]),
  })
  .transform(({ organization_id, ...row }): StuckJob => ({ ...row, organizationId: organization_id }));

export function sweepStore(sql: Sql): Pick<JobStore, "sweep"> {
  return {
    async sweep(now) {
      const won = await sql(LOCK, [now]);
      if (won.length === 0) return null;
      await sql(CLOSE, [now]);
      await sql(FORGET_KEYS, [now]);
      const republish = parseRows(stuckRow, await sql(REPUBLISH, [now]));
      return [...republish, ...parseRows(stuckRow, await sql(STUCK, [now]))];
    },
  };
}
