import { z } from "zod";
import type { JobStore, StuckJob } from "../ports.ts";
import { eventsSql } from "./events.ts";
import { forgetReceipts } from "./guarded-writes.ts";
import { ENDED_JOB, finishedJobsSql } from "./job-events.ts";
import { parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { JOB_RUN_ID } from "./work-rows.ts";

/** How long a pass holds the lock; passes start every minute. */
const PASS_SECONDS = 50;
/** A PENDING job published longer ago than this has no dispatcher run. */
const UNDISPATCHED_SECONDS = 60;
/**
 * A job without progress for this long has lost its runs: longer than all retry delays of a run and its longest step.
 */
const STUCK_SECONDS = 600;
/** The same for a job that may wait behind other jobs of its organisation. */
const STARVED_SECONDS = 1800;
/** Attempts accepted by the engine before a job is given up. */
const ATTEMPTS_MAX = 5;
/**
 * Jobs of one kind per pass, in another order each time, so that jobs that cannot be published do not block the
 * others.
 */
const JOBS_PER_PASS = 100;
const IN_TURN = `ORDER BY md5(j.id::text || $1::text) LIMIT ${JOBS_PER_PASS}`;

const LOCK = `INSERT INTO task_locks AS l (name, locked_until) VALUES ('sweeper', $1::timestamptz + interval '${PASS_SECONDS} seconds')
  ON CONFLICT (name) DO UPDATE SET locked_until = excluded.locked_until WHERE l.locked_until < $1::timestamptz RETURNING name`;

const CLOSE = `WITH closed AS (
    UPDATE jobs j SET status = 'READY', provisioned_at = $1::timestamptz
    WHERE j.status IN ('PENDING', 'PROVISIONING')
      AND NOT EXISTS (SELECT 1 FROM chargers c WHERE c.job_id = j.id AND c.status = 'PENDING')
    RETURNING ${ENDED_JOB}
  ), event AS (
    ${finishedJobsSql("closed", "$1::timestamptz")}
  ), ${eventsSql("event")}
  SELECT id FROM closed`;

const FOUND = `j.id, j.organization_id, j.type, j.total, CASE WHEN j.type = 'charger_create' THEN
    (SELECT c.id FROM chargers c WHERE c.job_id = j.id AND c.status = 'PENDING' LIMIT 1) END AS charger_id`;

/**
 * PENDING jobs whose dispatcher never ran. They are published under the same run id, so that a run that exists stays
 * the only one.
 */
const UNDISPATCHED = `SELECT ${FOUND}, j.attempt, 'republish' AS action FROM jobs j
  WHERE j.status = 'PENDING' AND j.published_at < $1::timestamptz - interval '${UNDISPATCHED_SECONDS} seconds'
  ${IN_TURN}`;

/**
 * PROVISIONING jobs without progress: either no job of the organisation has any, or this one has had none for so long
 * that waiting behind the others does not explain it.
 */
const STUCK = `WITH progress AS (
    SELECT j.id, j.organization_id, greatest(j.published_at, max(c.settled_at)) AS at
    FROM jobs j LEFT JOIN chargers c ON c.job_id = j.id
    WHERE j.status = 'PROVISIONING' GROUP BY j.id
  ), busy AS (
    SELECT organization_id, max(at) AS at FROM progress GROUP BY organization_id
  )
  SELECT ${FOUND}, j.attempt + 1 AS attempt, CASE WHEN j.attempt >= j.opened_attempt + ${ATTEMPTS_MAX} THEN 'giveUp' ELSE 'retry' END AS action
  FROM jobs j JOIN progress p ON p.id = j.id JOIN busy b ON b.organization_id = j.organization_id
  WHERE b.at < $1::timestamptz - interval '${STUCK_SECONDS} seconds'
    OR p.at < $1::timestamptz - interval '${STARVED_SECONDS} seconds'
  ${IN_TURN}`;

/** Counts an attempt, once the engine has accepted the run. */
const REVIVED = `UPDATE jobs j SET attempt = $2::int, published_at = $3::timestamptz, workflow_run_id = coalesce(workflow_run_id,
    ${JOB_RUN_ID} || CASE WHEN type = 'charger_create' THEN '-0' ELSE '' END)
  WHERE id = $1::uuid AND status IN ('PENDING', 'PROVISIONING') AND attempt <= $2::int`;

const FORGET_KEYS = `DELETE FROM idempotency_keys WHERE claimed_at < $1::timestamptz - interval '24 hours'`;

const stuckRow = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    type: z.string(),
    total: z.number(),
    charger_id: z.string().nullable(),
    attempt: z.number(),
    action: z.enum(["republish", "retry", "giveUp"]),
  })
  .transform(({ organization_id, charger_id, ...row }): StuckJob => ({
    ...row,
    organizationId: organization_id,
    chargerId: charger_id,
  }));

type Sweep = Pick<JobStore, "beginSweep" | "closeComplete" | "stuck" | "revived">;

/** Statements of the sweeper. */
export function sweepStore(sql: Sql): Sweep {
  return {
    beginSweep: async (now) => (await sql.write(LOCK, [now])).length > 0,

    async closeComplete(now) {
      await sql.write(CLOSE, [now]);
      await sql.write(FORGET_KEYS, [now]);
      await forgetReceipts(sql);
    },

    async stuck(now) {
      const undispatched = parseRows(stuckRow, await sql.read(UNDISPATCHED, [now]));
      return [...undispatched, ...parseRows(stuckRow, await sql.read(STUCK, [now]))];
    },

    async revived({ id, attempt }, now) {
      await sql.write(REVIVED, [id, attempt, now]);
    },
  };
}
