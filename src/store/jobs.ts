import { z } from "zod";
import { UnreadableRow } from "../errors.ts";
import { PARALLEL_RUNS_MAX } from "../ports.ts";
import type { Job, JobFailure, JobStore, OpenCharger, Settled } from "../ports.ts";
import { sharedBatch } from "../shared-batch.ts";
import { acceptStore } from "./accept.ts";
import { CHARGER_COLUMNS, chargerRow } from "./charger-rows.ts";
import { CREATION_LIMITS, type CreationLimits } from "./creation-limits.ts";
import { jobControl } from "./job-control.ts";
import { JobPolls } from "./job-polls.ts";
import { eventsSql } from "./events.ts";
import { ENDED_JOB, finishedJobsSql, progressSql } from "./job-events.ts";
import { rewriteRecord } from "./idempotency.ts";
import { firstRow, isUuid, itemError, onlyRow, parseRows, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { sweepStore } from "./sweep.ts";
import { WORK_COLUMNS, workRow } from "./work-rows.ts";

const openRow = z
  .object({ seq: z.number(), id: z.string(), organization_id: z.string() })
  .transform(({ seq, id, organization_id }) => ({ seq, chargerId: id, organizationId: organization_id }));

/**
 * Condition: PENDING and of this job. IS TRUE hides it from the planner, which without fresh statistics would use the
 * index of open chargers instead of the primary key and read the whole batch for each charger.
 */
const BY_KEY_ONLY = `(c.job_id = $1::uuid) IS TRUE AND (c.status = 'PENDING') IS TRUE AND c.deleted_at IS NULL`;

/** Reads a PENDING charger. Sets the job to PROVISIONING, because a single create has no dispatcher that would. */
const WORK = `WITH started AS (UPDATE jobs SET status = 'PROVISIONING' WHERE id = $1::uuid AND status = 'PENDING')
  SELECT ${WORK_COLUMNS} FROM chargers c JOIN organizations o ON o.id = c.organization_id
  WHERE c.id = $2::uuid AND ${BY_KEY_ONLY}`;

/**
 * Fails one charger. `open` counts other PENDING chargers from the end of the batch, where they are. It may include
 * chargers that other transactions are settling, so a small number only means "perhaps the last".
 */
const FAIL = `WITH moved AS (
    UPDATE chargers c SET status = 'FAILED', error = $3::jsonb, settled_at = $4::timestamptz,
      updated_at = $4::timestamptz, revision = c.revision + 1
    WHERE c.id = $2::uuid AND ${BY_KEY_ONLY} RETURNING c.id
  )
  SELECT EXISTS (SELECT 1 FROM moved) AS moved, (SELECT count(*)::int FROM (
    SELECT 1 FROM chargers WHERE job_id = $1::uuid AND status = 'PENDING' AND id <> $2::uuid
    ORDER BY seq DESC LIMIT ${PARALLEL_RUNS_MAX}) o) AS open`;

/** The same for chargers of one job that became READY within a few milliseconds of each other. */
const SUCCEED = `WITH moved AS (
    UPDATE chargers c SET status = 'READY', error = NULL, settled_at = $3::timestamptz,
      updated_at = $3::timestamptz, revision = c.revision + 1
    WHERE c.id = ANY($2::uuid[]) AND ${BY_KEY_ONLY} RETURNING c.id
  ), ${progressSql("moved")}
  SELECT a.id, EXISTS (SELECT 1 FROM moved WHERE moved.id = a.id) AS moved, (SELECT count(*)::int FROM (
    SELECT 1 FROM chargers WHERE job_id = $1::uuid AND status = 'PENDING' AND id <> ALL($2::uuid[])
    ORDER BY seq DESC LIMIT ${PARALLEL_RUNS_MAX}) o) AS open
  FROM unnest($2::uuid[]) AS a(id)`;

/**
 * Window in which runs share one statement: long enough for several of the parallel runs, short compared to one run.
 */
const SUCCEED_TOGETHER = { windowMs: 8, itemsMax: 100, patienceMs: 3000 };

const succeededRow = z.object({ id: z.string(), moved: z.boolean(), open: z.number() });

interface Succeeded {
  jobId: string;
  chargerId: string;
  now: Date;
}

async function succeedTogether(sql: Sql, items: readonly Succeeded[]): Promise<Settled[]> {
  const jobIds = [...new Set(items.map(({ jobId }) => jobId))];
  const answers = await Promise.all(
    jobIds.map(async (jobId) => {
      const own = items.filter((item) => item.jobId === jobId);
      const ids = own.map(({ chargerId }) => chargerId);
      return parseRows(succeededRow, await sql.write(SUCCEED, [jobId, ids, own[0]?.now]));
    }),
  );
  const byId = new Map(
    answers.flat().map(({ id, moved, open }) => [id, { moved, maybeLast: open < PARALLEL_RUNS_MAX }]),
  );
  return items.map(({ chargerId }) => byId.get(chargerId) ?? { moved: false, maybeLast: true });
}

const settledRow = z
  .object({ moved: z.boolean(), open: z.number() })
  .transform((row) => ({ moved: row.moved, maybeLast: row.open < PARALLEL_RUNS_MAX }));

const GIVE_UP = `WITH ran AS (
    SELECT EXISTS (SELECT 1 FROM chargers WHERE job_id = $1::uuid AND status <> 'PENDING') AS any
  ), job AS (
    UPDATE jobs SET status = CASE WHEN ran.any THEN 'READY' ELSE 'FAILED' END,
      error = CASE WHEN ran.any THEN NULL ELSE $2::jsonb END,
      provisioned_at = CASE WHEN ran.any THEN $4::timestamptz END
    FROM ran WHERE jobs.id = $1::uuid AND status IN ('PENDING', 'PROVISIONING')
    RETURNING jobs.*, ran.any
  ), event AS (
    ${finishedJobsSql("job", "$4::timestamptz")}
  ), ${eventsSql("event")}
  UPDATE chargers c SET status = 'FAILED', error = CASE WHEN job.any THEN $3::jsonb ELSE $2::jsonb END,
    settled_at = $4::timestamptz, updated_at = $4::timestamptz, revision = revision + 1
  FROM job WHERE c.job_id = job.id AND c.status = 'PENDING'`;

const CLOSE = `WITH closed AS (
    UPDATE jobs j SET status = 'READY', provisioned_at = $2::timestamptz
    WHERE j.id = $1::uuid AND j.status IN ('PENDING', 'PROVISIONING')
      AND NOT EXISTS (SELECT 1 FROM chargers c WHERE c.job_id = j.id AND c.status = 'PENDING')
    RETURNING ${ENDED_JOB}
  ), event AS (
    ${finishedJobsSql("closed", "$2::timestamptz")}
  ), ${eventsSql("event")}
  SELECT id FROM closed`;

const jobRow = z.object({
  id: z.string(),
  type: z.string(),
  status: z.enum(["PENDING", "PROVISIONING", "READY", "FAILED"]),
  workflow_run_id: z.string().nullable(),
  error: itemError.nullable(),
  provisioned_at: timestamp.nullable(),
  total: z.number(),
  created: z.number(),
  pending: z.number(),
  revision: z.number(),
});

const JOB = `SELECT j.id, j.type, j.status, j.error, j.provisioned_at, j.total,
    j.workflow_run_id || CASE WHEN j.attempt > 0 THEN '-r' || j.attempt ELSE '' END AS workflow_run_id,
    (SELECT count(*)::int FROM chargers c WHERE c.job_id = j.id AND c.status = 'PENDING') AS pending,
    r.created, r.revision
  FROM jobs j CROSS JOIN LATERAL (SELECT count(*)::int AS created, coalesce(sum(c.revision), 0)::float8 AS revision
    FROM chargers c WHERE c.job_id = j.id AND c.status = 'READY') r
  WHERE j.id = $3::uuid AND j.organization_id = $1::uuid AND j.location_id = $2::uuid
    AND j.type = 'location_chargers_create'`;

const CREATED = `SELECT ${CHARGER_COLUMNS} FROM chargers c WHERE c.job_id = $1::uuid AND c.status = 'READY' ORDER BY c.seq`;

const FAILED = `SELECT seq, identity, id AS charger_id, error FROM chargers WHERE job_id = $1::uuid AND status = 'FAILED'
  UNION ALL SELECT seq, identity, NULL, error FROM job_rejections WHERE job_id = $1::uuid ORDER BY seq`;

const failureRow = z
  .object({ seq: z.number(), identity: z.string(), charger_id: z.string().nullable(), error: itemError })
  .transform(({ charger_id, ...row }): JobFailure => ({ ...row, chargerId: charger_id }));

async function readJob(
  sql: Sql,
  organizationId: string,
  locationId: string,
  jobId: string,
  isKnown: (state: Omit<Job, "results">) => boolean = () => false,
): Promise<Job | null> {
  if (!isUuid(locationId) || !isUuid(jobId)) return null;
  const row = firstRow(jobRow, await sql.read(JOB, [organizationId, locationId, jobId]));
  if (row === null) return null;
  const terminal = row.status === "READY" || row.status === "FAILED";
  const failed = row.total - row.created - row.pending;
  const state = {
    id: row.id,
    type: row.type,
    status: row.status,
    workflowRunId: row.workflow_run_id,
    error: row.error,
    provisionedAt: row.status === "READY" ? row.provisioned_at : null,
    progress: { total: row.total, created: row.created, failed, pending: row.pending },
    revision: terminal ? row.revision : null,
  };
  return { ...state, results: terminal && !isKnown(state) ? await readResults(sql, jobId, failed) : null };
}

/** Results of a finished job. It does not change any more, so they may be read after its counts; a charger in them may be newer. */
async function readResults(sql: Sql, jobId: string, failed: number): Promise<Job["results"]> {
  const created = parseRows(chargerRow, await sql.read(CREATED, [jobId]));
  return { created, failed: failed === 0 ? [] : parseRows(failureRow, await sql.read(FAILED, [jobId])) };
}

async function openSlice(sql: Sql, jobId: string, from: number, to: number): Promise<OpenCharger[]> {
  const rows = await sql.write(
    `WITH started AS (UPDATE jobs SET status = 'PROVISIONING' WHERE id = $1::uuid AND status = 'PENDING')
     SELECT c.seq, ${WORK_COLUMNS} FROM chargers c JOIN organizations o ON o.id = c.organization_id
     WHERE c.job_id = $1::uuid AND c.status = 'PENDING' AND c.seq >= $2::int AND c.seq < $3::int ORDER BY c.seq`,
    [jobId, from, to],
  );
  return rows.map((row) => ({ ...openRow.parse(row), work: workRow.safeParse(row).data ?? null }));
}

/** Jobs in Postgres. */
export function jobStore(sql: Sql, limits: CreationLimits = CREATION_LIMITS): JobStore {
  const succeed = sharedBatch((items: readonly Succeeded[]) => succeedTogether(sql, items), SUCCEED_TOGETHER);
  const polls = new JobPolls();
  return {
    ...acceptStore(sql, limits),
    ...sweepStore(sql),
    ...jobControl(sql, (jobId) => polls.forget(jobId)),

    async markUnpublished(batch) {
      await sql.write("UPDATE jobs SET workflow_run_id = NULL WHERE id = $1::uuid AND status = 'PENDING'", [
        batch.jobId,
      ]);
      if (batch.claim) await rewriteRecord(sql, batch.organization.id, batch.claim, batch.recordUnpublished);
    },

    openSlice: (jobId, from, to) => openSlice(sql, jobId, from, to),

    async work(jobId, chargerId) {
      const [row] = await sql.write(WORK, [jobId, chargerId]);
      if (row === undefined) return null;
      const { data, error } = workRow.safeParse(row);
      if (data === undefined) throw new UnreadableRow("charger", chargerId, { cause: error });
      return data;
    },

    succeed: (jobId, chargerId, now) => succeed({ jobId, chargerId, now }),

    async fail(jobId, chargerId, error, now) {
      return onlyRow(settledRow, await sql.write(FAIL, [jobId, chargerId, JSON.stringify(error), now]));
    },

    async close(jobId, now) {
      const rows = await sql.write(CLOSE, [jobId, now]);
      if (rows.length === 1) polls.forget(jobId);
      return rows.length === 1;
    },

    async isReady(chargerId) {
      const live = "SELECT 1 FROM chargers WHERE id = $1::uuid AND status = 'READY' AND deleted_at IS NULL";
      return (await sql.read(live, [chargerId])).length === 1;
    },

    async giveUp(jobId, { neverStarted, unfinished }, now) {
      await sql.write(GIVE_UP, [jobId, JSON.stringify(neverStarted), JSON.stringify(unfinished), now]);
      polls.forget(jobId);
    },

    get: (organizationId, locationId, jobId) => readJob(sql, organizationId, locationId, jobId),

    poll: ({ organizationId, locationId, jobId }, now, isKnown) => {
      const read = () => readJob(sql, organizationId, locationId, jobId, isKnown);
      return polls.get(`${jobId} ${organizationId} ${locationId}`, read, now.getTime());
    },
  };
}
