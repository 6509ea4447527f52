import { z } from "zod";
import type { JobStore } from "../ports.ts";
import { eventsSql } from "./events.ts";
import { finishedJobsSql } from "./job-events.ts";
import { firstRow, isUuid, parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { JOB_RUN_ID } from "./work-rows.ts";

/** The job of a `JobRef`, if it is a batch. $1 organisation, $2 location, $3 job. */
const BATCH = `SELECT j.id, j.status, j.attempt, j.total FROM jobs j
  WHERE j.id = $3::uuid AND j.organization_id = $1::uuid AND j.location_id = $2::uuid AND j.type = 'location_chargers_create'`;

const CANCELLED = JSON.stringify({ code: "CANCELLED", message: "The job was cancelled", retryable: false });

/**
 * Fails PENDING chargers and closes the job in one statement. The effect of a charger undoes what its step began; a
 * step that comes later finds the charger settled.
 */
const CANCEL = `WITH batch AS (${BATCH} FOR UPDATE), ran AS (
    SELECT EXISTS (SELECT 1 FROM chargers c WHERE c.job_id = $3::uuid AND c.status <> 'PENDING') AS any
  ), closed AS (
    UPDATE jobs j SET status = CASE WHEN ran.any THEN 'READY' ELSE 'FAILED' END,
      error = CASE WHEN ran.any THEN NULL ELSE $5::jsonb END,
      provisioned_at = CASE WHEN ran.any THEN $6::timestamptz END
    FROM batch b, ran WHERE j.id = b.id AND j.status IN ('PENDING', 'PROVISIONING') RETURNING j.*
  ), event AS (
    ${finishedJobsSql("closed", "$6::timestamptz")}
  ), ${eventsSql("event")}, failed AS (
    UPDATE chargers c SET status = 'FAILED', error = $5::jsonb, settled_at = $6::timestamptz, updated_at = $6::timestamptz,
      revision = c.revision + 1
    FROM closed WHERE c.job_id = closed.id AND c.status = 'PENDING' RETURNING c.id, c.organization_id
  ), effects AS (
    INSERT INTO charger_effects (batch_id, seq, organization_id, charger_id, kind, published_at)
    SELECT $4::uuid, row_number() OVER (ORDER BY id) - 1, organization_id, id, 'sync', $6::timestamptz FROM failed RETURNING seq
  )
  SELECT b.id, b.attempt, (SELECT count(*)::int FROM effects) AS effects FROM batch b`;

const WAS_CANCELLED = `SELECT b.id, b.attempt, (SELECT count(*)::int FROM charger_effects WHERE batch_id = $4::uuid) AS effects
  FROM (${BATCH}) b`;

const cancelRow = z.object({ id: z.string(), attempt: z.number(), effects: z.number() });

/**
 * Sets retryable failed chargers back to PENDING, under run ids of the next attempt. An open job is left unchanged.
 */
const RETRY = `WITH batch AS (${BATCH} FOR UPDATE), opened AS (
    UPDATE chargers c SET status = 'PENDING', error = NULL, settled_at = NULL, updated_at = $4::timestamptz,
      revision = c.revision + 1
    FROM batch b WHERE c.job_id = b.id AND b.status IN ('READY', 'FAILED') AND c.status = 'FAILED' AND c.deleted_at IS NULL
      AND (c.error ->> 'retryable')::boolean RETURNING c.id
  ), job AS (
    UPDATE jobs j SET status = 'PENDING', error = NULL, provisioned_at = NULL, attempt = j.attempt + 1,
      opened_attempt = j.attempt + 1, published_at = $4::timestamptz, workflow_run_id = ${JOB_RUN_ID}
    FROM batch b WHERE j.id = b.id AND EXISTS (SELECT 1 FROM opened) RETURNING j.attempt
  )
  SELECT b.id, b.total, coalesce((SELECT attempt FROM job), b.attempt) AS attempt,
    EXISTS (SELECT 1 FROM opened) AS opened, b.status IN ('PENDING', 'PROVISIONING') AS is_open FROM batch b`;

const retryRow = z.object({
  id: z.string(),
  total: z.number(),
  attempt: z.number(),
  opened: z.boolean(),
  is_open: z.boolean(),
});

const OWN_SUBJECTS = `SELECT x.id AS subject_id, x.seq, coalesce(j.id, c.job_id, t.id)::text AS job_id, coalesce(c.identity, i.identity) AS identity
  FROM jsonb_to_recordset($2::jsonb) AS x(id uuid, seq int)
  LEFT JOIN jobs j ON j.id = x.id AND j.organization_id = $1::uuid
  LEFT JOIN chargers c ON c.id = x.id AND c.organization_id = $1::uuid
  LEFT JOIN chargers i ON i.job_id = j.id AND i.seq = x.seq
  LEFT JOIN id_tag_jobs t ON t.id = x.id AND t.organization_id = $1::uuid
  LEFT JOIN LATERAL (SELECT true AS found FROM charger_effects e
    WHERE e.batch_id = x.id AND e.organization_id = $1::uuid LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT true AS found FROM id_tag_effects g
    WHERE g.batch_id = x.id AND g.organization_id = $1::uuid LIMIT 1) g ON true
  WHERE j.id IS NOT NULL OR c.id IS NOT NULL OR t.id IS NOT NULL OR e.found OR g.found`;

const subjectRow = z
  .object({
    subject_id: z.string(),
    seq: z.number().nullable(),
    job_id: z.string().nullable(),
    identity: z.string().nullable(),
  })
  .transform((row) => ({
    subjectId: row.subject_id,
    seq: row.seq,
    jobId: row.job_id,
    identity: row.identity,
  }));

/**
 * Cancel, retry and dead letter lookup of jobs.
 * @param onEnded told of a job that was cancelled
 */
export function jobControl(
  sql: Sql,
  onEnded: (jobId: string) => void,
): Pick<JobStore, "cancel" | "retry" | "ownSubjects"> {
  return {
    async ownSubjects(organizationId, subjects) {
      const known = subjects.filter(({ subjectId }) => isUuid(subjectId));
      if (known.length === 0) return [];
      const wire = JSON.stringify(known.map(({ subjectId, seq }) => ({ id: subjectId, seq })));
      return parseRows(subjectRow, await sql.read(OWN_SUBJECTS, [organizationId, wire]));
    },

    async cancel({ organizationId, locationId, jobId }, batchId, now) {
      if (!isUuid(locationId) || !isUuid(jobId)) return null;
      const place = [organizationId, locationId, jobId, batchId];
      const whenStored = { text: WAS_CANCELLED, params: place };
      const row = firstRow(cancelRow, await sql.store(CANCEL, [...place, CANCELLED, now], whenStored));
      if (!row) return null;
      onEnded(jobId);
      const effects = row.effects > 0 ? { id: batchId, total: row.effects } : null;
      return { attempt: row.attempt, effects };
    },

    async retry({ organizationId, locationId, jobId }, now) {
      if (!isUuid(locationId) || !isUuid(jobId)) return null;
      const place = [organizationId, locationId, jobId, now];
      const row = firstRow(retryRow, await sql.store(RETRY, place, "repeat"));
      if (!row) return null;
      const state = row.opened ? "opened" : row.is_open ? "open" : "nothing";
      return { state, attempt: row.attempt, total: row.total };
    },
  };
}
