import { eventIdSql, eventsSql } from "./events.ts";

/** Progress of a job `j`. Both arguments are SQL. */
const dataSql = (
  created: string,
  pending: string,
) => `json_build_object('jobId', j.id, 'type', j.type, 'locationId', j.location_id,
    'status', j.status, 'total', j.total, 'created', ${created}, 'failed', j.total - ${created} - ${pending}, 'pending', ${pending})`;

const ABOUT_JOB = `j.organization_id, NULL::uuid AS charger_id, NULL::text AS identity`;

const chargersOf = (status: string) =>
  `(SELECT count(*)::int FROM chargers c WHERE c.job_id = j.id AND c.status = '${status}')`;

/** Columns of `jobs` that a statement returns of the jobs that it ended, for `finishedJobsSql`. */
export const ENDED_JOB = "id, organization_id, type, location_id, status, total, attempt";

/** An event for each job of `from`, which a statement has ended. `created`: its READY chargers. */
export function finishedJobsSql(from: string, now: string, created: string = chargersOf("READY")): string {
  return `SELECT 2147483647 AS n, ${ABOUT_JOB}, 'job.finished' AS type, ${now} AS at, jsonb_build_array(j.id, j.attempt) AS about,
      ${dataSql("j.created", "0")} AS data
    FROM (SELECT j.*, ${created} AS created FROM ${from} j) j`;
}

const SECOND = "date_trunc('second', $3::timestamptz)";

/**
 * CTEs that store an event of the progress of the job $1 at the time $3, once a second: its id is that of the second, and nothing is
 * counted when it is there. `moved`: CTE of the chargers that the statement took from PENDING to READY.
 */
export function progressSql(moved: string): string {
  const id = eventIdSql(SECOND, {
    organization: "j.organization_id",
    charger: "NULL::uuid",
    type: "'job.progress'",
    about: "jsonb_build_array(j.id)",
  });
  const count = `(SELECT count(*)::int FROM ${moved})`;
  return `reported AS (
    SELECT j.*, ${chargersOf("READY")} + ${count} AS created, ${chargersOf("PENDING")} - ${count} AS pending
    FROM jobs j WHERE j.id = $1::uuid AND j.total > 1 AND EXISTS (SELECT 1 FROM ${moved})
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.organization_id = j.organization_id AND e.id = ${id})
  ), event AS (
    SELECT 1 AS n, ${ABOUT_JOB}, 'job.progress' AS type, $3::timestamptz AS at, ${SECOND} AS second, jsonb_build_array(j.id) AS about,
      ${dataSql("j.created", "j.pending")} AS data
    FROM reported j
  ), ${eventsSql("event", "second")}`;
}
