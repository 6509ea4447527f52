import { z } from "zod";
import type { TagEffect, TagRegistryStore } from "../ports.ts";
import { TAG_SHARDS } from "../tag-shard.ts";
import { registryTagSql, STORED_CHARGERS, tagsRow } from "./id-tag-rows.ts";
import { onlyRow, parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";

const LEFT_OVER_SECONDS = 60;

const VERSION = `coalesce((SELECT version FROM id_tag_sets WHERE organization_id = $1::uuid), 0) AS version`;

const TAG = registryTagSql(STORED_CHARGERS);

const SHARD_PAGE = `SELECT ${VERSION}, coalesce((SELECT jsonb_agg(x.tag ORDER BY x.key) FROM (
    SELECT t.key, ${TAG} AS tag FROM id_tags t WHERE t.organization_id = $1::uuid AND t.shard = $2::smallint AND t.key > $3::text
    ORDER BY t.key LIMIT $4::int) x), '[]') AS tags`;

const CURRENT = `SELECT ${VERSION}, coalesce((SELECT jsonb_agg(${TAG} ORDER BY t.key) FROM id_tags t
    WHERE t.organization_id = $1::uuid AND t.key = ANY($2::text[])), '[]') AS tags`;

const RAISE = `INSERT INTO id_tag_sets AS s (organization_id, version, reconciled_at) VALUES ($1::uuid, $2::bigint + 1, now())
  ON CONFLICT (organization_id) DO UPDATE SET version = excluded.version WHERE s.version < excluded.version - 1
  RETURNING version`;

const PENDING = `SELECT seq, organization_id, shard, key FROM id_tag_effects
  WHERE batch_id = $1::uuid AND seq >= $2::int AND seq < $3::int ORDER BY seq`;

const DONE = "DELETE FROM id_tag_effects WHERE batch_id = $1::uuid AND seq = ANY($2::int[])";

const LEFT_OVER = `WITH batch AS (
    SELECT batch_id FROM id_tag_effects WHERE published_at < $1::timestamptz - interval '${LEFT_OVER_SECONDS} seconds'
    GROUP BY batch_id LIMIT 50
  ), again AS (
    UPDATE id_tag_effects e SET attempt = e.attempt + 1, published_at = $1::timestamptz
    FROM batch b WHERE e.batch_id = b.batch_id RETURNING e.batch_id, e.attempt, e.seq
  )
  SELECT batch_id AS id, max(attempt) AS attempt, max(seq) + 1 AS total FROM again GROUP BY batch_id`;

/** Interval in which the registry of every organisation with tags is brought in line as a whole. */
const EVERY = "24 hours";

const RECONCILE = `WITH due AS (
    SELECT organization_id FROM id_tag_sets WHERE reconciled_at < $2::timestamptz - interval '${EVERY}'
    ORDER BY reconciled_at LIMIT 1 FOR UPDATE SKIP LOCKED
  ), looked AS (
    UPDATE id_tag_sets s SET reconciled_at = $2::timestamptz FROM due WHERE s.organization_id = due.organization_id
    RETURNING s.organization_id
  )
  INSERT INTO id_tag_effects (batch_id, seq, organization_id, shard, published_at)
  SELECT $1::uuid, n, looked.organization_id, n, $2::timestamptz FROM looked, generate_series(0, ${TAG_SHARDS - 1}) n
  RETURNING seq`;

const effectRow = z
  .object({
    seq: z.number(),
    organization_id: z.string(),
    shard: z.number(),
    key: z.string().nullable(),
  })
  .transform(({ organization_id, ...row }): TagEffect => ({ ...row, organizationId: organization_id }));

const leftOverRow = z.object({ id: z.string(), attempt: z.number(), total: z.number() });

/** What the tag registry and its effects read and write in Postgres. */
export function tagRegistryStore(sql: Sql): TagRegistryStore {
  return {
    async shardPage(organizationId, shard, after, limit) {
      return onlyRow(tagsRow, await sql.read(SHARD_PAGE, [organizationId, shard, after, limit]));
    },

    async raiseVersion(organizationId, seen) {
      return (await sql.write(RAISE, [organizationId, seen])).length > 0;
    },

    async pending(batchId, from, to) {
      return parseRows(effectRow, await sql.read(PENDING, [batchId, from, to]));
    },

    async current(organizationId, shard, keys) {
      const { version, tags } = onlyRow(tagsRow, await sql.read(CURRENT, [organizationId, keys]));
      const known = new Set(tags.map(({ key }) => key));
      return { organizationId, shard, version, tags, gone: keys.filter((key) => !known.has(key)) };
    },

    async done(batchId, seqs) {
      await sql.write(DONE, [batchId, seqs]);
    },

    async leftOver(now) {
      return parseRows(leftOverRow, await sql.write(LEFT_OVER, [now]));
    },

    async reconcileNext(batchId, now) {
      const total = (await sql.write(RECONCILE, [batchId, now])).length;
      return total === 0 ? null : { id: batchId, total };
    },
  };
}
