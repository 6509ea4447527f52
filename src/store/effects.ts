import { z } from "zod";
import type { EffectStore, PendingEffect } from "../ports.ts";
import { parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { CHARGER_RUN_ID, WORK_COLUMNS, workRow } from "./work-rows.ts";

const LEFT_OVER_SECONDS = 60;

/** Effects of a slice with the current rows of their chargers: an effect says that something changed, never what. */
const PENDING = `SELECT e.seq, c.revision, e.kind, c.deleted_at IS NOT NULL AS deleted, c.status,
    CASE WHEN c.settled_at = c.deleted_at OR c.error ->> 'code' = 'CANCELLED' THEN
      ${CHARGER_RUN_ID} END AS run_id, ${WORK_COLUMNS}
  FROM charger_effects e JOIN chargers c ON c.id = e.charger_id JOIN organizations o ON o.id = c.organization_id
  LEFT JOIN jobs j ON j.id = c.job_id
  WHERE e.batch_id = $1::uuid AND e.seq >= $2::int AND e.seq < $3::int ORDER BY e.seq`;

/**
 * Deletes effects whose charger is unchanged since it was read. `desired_count` is compared as well, because starting
 * and stopping a station does not raise the revision.
 */
const DONE = `DELETE FROM charger_effects e
  USING jsonb_to_recordset($2::jsonb) AS x(seq int, revision int, deleted boolean, desired_count int), chargers c
  WHERE e.batch_id = $1::uuid AND e.seq = x.seq AND c.id = e.charger_id AND (c.deleted_at IS NOT NULL) = x.deleted
    AND (x.deleted OR c.revision = x.revision AND c.desired_count = x.desired_count)
  RETURNING e.seq`;

const effectRow = z.object({
  seq: z.number(),
  revision: z.number(),
  kind: z.enum(["sync", "restart"]),
  deleted: z.boolean(),
  status: z.enum(["PENDING", "READY", "FAILED"]),
  run_id: z.string().nullable(),
});

/** Batches whose effects were last published a minute ago or longer; at most 50 per call. */
const LEFT_OVER = `WITH batch AS (
    SELECT batch_id FROM charger_effects WHERE published_at < $1::timestamptz - interval '${LEFT_OVER_SECONDS} seconds'
    GROUP BY batch_id LIMIT 50
  ), again AS (
    UPDATE charger_effects e SET attempt = e.attempt + 1, published_at = $1::timestamptz
    FROM batch b WHERE e.batch_id = b.batch_id RETURNING e.batch_id, e.attempt, e.seq
  )
  SELECT batch_id AS id, max(attempt) AS attempt, max(seq) + 1 AS total FROM again GROUP BY batch_id`;

const leftOverRow = z.object({ id: z.string(), attempt: z.number(), total: z.number() });

/** Effects in Postgres. */
export function effectStore(sql: Sql): EffectStore {
  return {
    async pending(batchId, from, to) {
      const rows = await sql.read(PENDING, [batchId, from, to]);
      const works = parseRows(workRow, rows);
      return parseRows(effectRow, rows).flatMap(({ run_id, ...effect }, index): PendingEffect[] => {
        const work = works[index];
        return work ? [{ ...effect, runId: run_id, work }] : [];
      });
    },

    async done(batchId, applied) {
      const rows = applied.map(({ seq, revision, deleted, work }) => ({
        seq,
        revision,
        deleted,
        desired_count: work.desiredCount,
      }));
      return (await sql.write(DONE, [batchId, JSON.stringify(rows)])).length;
    },

    async leftOver(now) {
      return parseRows(leftOverRow, await sql.write(LEFT_OVER, [now]));
    },
  };
}
