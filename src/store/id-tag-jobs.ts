import { z } from "zod";
import { LimitReached } from "../errors.ts";
import { tagKey } from "../ocpp/tag-judgement.ts";
import type { ImportedTag, ImportFailure, TagJob, TagJobStart, TagJobStore } from "../ports.ts";
import { tagShard } from "../tag-shard.ts";
import { eventsSql } from "./events.ts";
import { movedSql } from "./id-tag-rows.ts";
import { claimParams, claimSql, recordedAnswer, replay } from "./idempotency.ts";
import { firstRow, isUuid, onlyRow, parseRows, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { tagErasure } from "./tag-erasure.ts";

/** Jobs of an organisation that are not done, at the same time. */
const OPEN_MAX = 20;
/** A job without progress for this long has lost its run. */
const STUCK_SECONDS = 120;
const KEPT_DAYS = 30;
/** Longest id tag of OCPP 1.6. */
const ID_TAG_MAX = 20;

/** $1 organisation, $2 job, $3 tags, $4 their number, $5 now, $6 to $10 `claimParams`. */
const ACCEPT = `WITH tenant AS (
    SELECT 1 FROM organizations WHERE id = $1::uuid
      AND (SELECT count(*) FROM id_tag_jobs WHERE organization_id = $1::uuid AND status <> 'DONE') < ${OPEN_MAX}
  ), ${claimSql(6, "$1::uuid", "$5::timestamptz", "tenant")}, job AS (
    INSERT INTO id_tag_jobs (id, organization_id, type, status, total, created_at, published_at)
    SELECT $2::uuid, $1::uuid, 'import', 'PENDING', $4::int, $5::timestamptz, $5::timestamptz FROM go RETURNING id
  ), items AS (
    INSERT INTO id_tag_job_items (job_id, seq, item)
    SELECT job.id, x.n - 1, x.item FROM job, jsonb_array_elements($3::jsonb) WITH ORDINALITY AS x(item, n)
  )
  SELECT EXISTS (SELECT 1 FROM tenant) AS admitted, EXISTS (SELECT 1 FROM job) AS stored`;

const ACCEPTED = "SELECT true AS admitted, true AS stored FROM id_tag_jobs WHERE id = $1::uuid";

const acceptedRow = z.object({ admitted: z.boolean(), stored: z.boolean() });

const NOT_FOUND = `jsonb_build_object('code', 'CHARGER_NOT_FOUND', 'message', 'Charger ' || m.identity || ' not found')`;
const TOO_LONG = `jsonb_build_object('code', 'ID_TAG_TOO_LONG', 'message', 'idTag must have at most ${ID_TAG_MAX} characters for charger '
    || l.identity || ', which speaks OCPP 1.6')`;
const EXISTS = `jsonb_build_object('code', 'ID_TAG_EXISTS', 'message', 'Id Tag ' || (s.item ->> 'idTag') || ' already exists')`;

/**
 * One slice of an import, set-based. A tag that was imported leaves the items; one that was not stays with its error. The effects
 * have the job as their batch, so that a repeat finds those of the first try. $1 organisation, $2 job, $3 and $4 places, $5 now.
 */
const IMPORT = `WITH job AS (
    UPDATE id_tag_jobs SET status = 'RUNNING', published_at = $5::timestamptz
    WHERE id = $2::uuid AND organization_id = $1::uuid AND status <> 'DONE' RETURNING id
  ), slice AS (
    SELECT i.seq, i.item, i.item ->> 'id' AS id, i.item ->> 'key' AS key FROM job JOIN id_tag_job_items i ON i.job_id = job.id
    WHERE i.seq >= $3::int AND i.seq < $4::int AND i.error IS NULL
  ), wanted AS (
    SELECT s.seq, x.identity, c.id AS charger_id, lower(coalesce(n.ocpp_version, c.ocpp_version)) AS ocpp_version
    FROM slice s CROSS JOIN jsonb_array_elements_text(s.item -> 'chargeBoxIds') AS x(identity)
    LEFT JOIN chargers c ON c.organization_id = $1::uuid AND c.identity = x.identity AND c.deleted_at IS NULL
    LEFT JOIN charger_connections n ON n.charger_id = c.id
  ), missing AS (
    SELECT seq, min(identity) AS identity FROM wanted WHERE charger_id IS NULL GROUP BY seq
  ), too_long AS (
    SELECT w.seq, min(w.identity) AS identity FROM wanted w JOIN slice s ON s.seq = w.seq
    WHERE w.ocpp_version = 'ocpp1.6' AND length(s.item ->> 'idTag') > ${ID_TAG_MAX} GROUP BY w.seq
  ), valid AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.key ORDER BY s.seq) AS nth FROM slice s
    WHERE s.seq NOT IN (SELECT seq FROM missing) AND s.seq NOT IN (SELECT seq FROM too_long)
  ), t AS (
    INSERT INTO id_tags (organization_id, id, id_tag, key, shard, type, name, group_id, status, expires_at, is_scoped, source,
      created_at, updated_at)
    SELECT $1::uuid, id, item ->> 'idTag', key, (item ->> 'shard')::smallint, item ->> 'type', item ->> 'name', item ->> 'groupId',
      item ->> 'status', (item ->> 'expiresAt')::timestamptz, jsonb_array_length(item -> 'chargeBoxIds') > 0, 'import',
      $5::timestamptz, $5::timestamptz
    FROM valid WHERE nth = 1 ORDER BY key
    ON CONFLICT (organization_id, key) DO NOTHING RETURNING id, key, shard
  ), scoped AS (
    INSERT INTO id_tag_chargers (tag_id, charger_id)
    SELECT DISTINCT t.id, w.charger_id FROM t JOIN slice s ON s.id = t.id JOIN wanted w ON w.seq = s.seq
  ), ${movedSql("t", "$5::timestamptz")}, effects AS (
    INSERT INTO id_tag_effects (batch_id, seq, organization_id, shard, key, published_at)
    SELECT $2::uuid, s.seq, $1::uuid, t.shard, t.key, $5::timestamptz FROM t JOIN slice s ON s.id = t.id
  ), imported AS (
    DELETE FROM id_tag_job_items i USING slice s JOIN t ON t.id = s.id WHERE i.job_id = $2::uuid AND i.seq = s.seq
  ), failed AS (
    UPDATE id_tag_job_items i SET error = coalesce(
      (SELECT ${NOT_FOUND} FROM missing m WHERE m.seq = s.seq), (SELECT ${TOO_LONG} FROM too_long l WHERE l.seq = s.seq), ${EXISTS})
    FROM slice s WHERE i.job_id = $2::uuid AND i.seq = s.seq AND s.id NOT IN (SELECT id FROM t)
  )
  SELECT (SELECT count(*)::int FROM t) AS imported`;

const FINISH = `WITH finished AS (
    UPDATE id_tag_jobs SET status = 'DONE', finished_at = $3::timestamptz, key = NULL
    WHERE id = $2::uuid AND organization_id = $1::uuid AND status <> 'DONE'
      AND (type = 'erase' OR NOT EXISTS (SELECT 1 FROM id_tag_job_items i WHERE i.job_id = $2::uuid AND i.error IS NULL))
    RETURNING id, organization_id, type, total
  ), ended AS (
    SELECT f.*, (SELECT count(*)::int FROM id_tag_job_items i WHERE i.job_id = f.id AND i.error IS NOT NULL) AS failed FROM finished f
  ), event AS (
    SELECT 1 AS n, organization_id, NULL::uuid AS charger_id, NULL::text AS identity, 'job.finished' AS type, $3::timestamptz AS at,
      jsonb_build_array(id) AS about, json_build_object('jobId', id, 'type', 'id_tag_' || type, 'locationId', NULL, 'status', 'DONE',
        'total', total, 'created', total - failed, 'failed', failed, 'pending', 0) AS data
    FROM ended
  ), ${eventsSql("event")}
  SELECT id FROM finished`;

const GET = `SELECT j.id, j.type, j.status, j.total, j.done, j.created_at, j.finished_at,
    (SELECT count(*)::int FROM id_tag_job_items i WHERE i.job_id = j.id AND i.error IS NULL) AS waiting,
    (SELECT count(*)::int FROM id_tag_job_items i WHERE i.job_id = j.id AND i.error IS NOT NULL) AS failed
  FROM id_tag_jobs j WHERE j.id = $2::uuid AND j.organization_id = $1::uuid`;

const FAILURES = `SELECT seq AS index, item ->> 'idTag' AS "idTag", error FROM id_tag_job_items
  WHERE job_id = $1::uuid AND error IS NOT NULL ORDER BY seq`;

const STUCK = `UPDATE id_tag_jobs SET attempt = attempt + 1, published_at = $1::timestamptz
  WHERE status <> 'DONE' AND published_at < $1::timestamptz - interval '${STUCK_SECONDS} seconds'
  RETURNING id, organization_id, type, total, attempt`;

const PRUNE = `DELETE FROM id_tag_jobs WHERE status = 'DONE' AND created_at < $1::timestamptz - interval '${KEPT_DAYS} days'`;

const jobRow = z.object({
  id: z.string(),
  type: z.enum(["import", "erase"]),
  status: z.enum(["PENDING", "RUNNING", "DONE"]),
  total: z.number(),
  done: z.number(),
  created_at: timestamp,
  finished_at: timestamp.nullable(),
  waiting: z.number(),
  failed: z.number(),
});

const failureRow = z.object({
  index: z.number(),
  idTag: z.string(),
  error: z.object({ code: z.string(), message: z.string() }),
}) satisfies z.ZodType<ImportFailure>;

const startRow = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    type: z.enum(["import", "erase"]),
    total: z.number(),
    attempt: z.number(),
  })
  .transform(({ organization_id, ...row }): TagJobStart => ({ ...row, organizationId: organization_id }));

function itemsJson(tags: readonly ImportedTag[]): string {
  const items = tags.map((tag) => {
    const key = tagKey(tag.idTag);
    return { ...tag, key, shard: tagShard(key) };
  });
  return JSON.stringify(items);
}

async function readJob(sql: Sql, organizationId: string, jobId: string): Promise<TagJob | null> {
  if (!isUuid(jobId)) return null;
  const row = firstRow(jobRow, await sql.read(GET, [organizationId, jobId]));
  if (!row) return null;
  const { id, type, status, total, waiting, failed } = row;
  const isEnded = status === "DONE";
  // Chargers that came after the tag was deleted are dealt with too.
  const erased = isEnded ? total : Math.min(row.done, total);
  const done = type === "erase" ? erased : total - waiting - failed;
  return {
    id,
    type,
    status,
    progress: { total, done, failed, pending: total - done - failed },
    failures: isEnded && failed > 0 ? parseRows(failureRow, await sql.read(FAILURES, [jobId])) : [],
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

/** Imports and erasures of id tags in Postgres. */
export function tagJobStore(sql: Sql): TagJobStore {
  return {
    ...tagErasure(sql),

    async acceptImport({ id, organizationId, tags, now }, claim, record) {
      const params = [organizationId, id, itemsJson(tags), tags.length, now, ...claimParams(claim, record)];
      const rows = await sql.store(ACCEPT, params, { text: ACCEPTED, params: [id] });
      const { admitted, stored } = onlyRow(acceptedRow, rows);
      if (stored) return { kind: "done", value: undefined };
      if (admitted && claim) return { kind: "replayed", response: await replay(sql, organizationId, claim) };
      const recorded = claim && (await recordedAnswer(sql, organizationId, claim, now));
      if (recorded) return { kind: "replayed", response: recorded };
      throw new LimitReached(
        `Job limit reached. Your organisation allows ${OPEN_MAX} open job(s) of id tags.`,
        1,
      );
    },

    async importSlice(organizationId, jobId, { from, to }, now) {
      await sql.write(IMPORT, [organizationId, jobId, from, to, now]);
    },

    async finish(organizationId, jobId, now) {
      await sql.write(FINISH, [organizationId, jobId, now]);
    },

    get: (organizationId, jobId) => readJob(sql, organizationId, jobId),

    async stuck(now) {
      await sql.write(PRUNE, [now]);
      return parseRows(startRow, await sql.write(STUCK, [now]));
    },
  };
}
