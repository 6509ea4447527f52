import { z } from "zod";
import type { ErasureCharger, EventType, TagJobStore } from "../ports.ts";
import { effectsSql, movedSql } from "./id-tag-rows.ts";
import { firstRow, onlyRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** Deletes the tag and stores the job, whose id is that of its effects too. $1 organisation, $2 tag, $3 job, $4 now, $5 pseudonym. */
const ACCEPT = `WITH t AS (
    DELETE FROM id_tags WHERE organization_id = $1::uuid AND id = $2::text RETURNING id, key, shard
  ), ${movedSql("t", "$4::timestamptz")}, ${effectsSql("t", "$3::uuid", "$4::timestamptz")}, job AS (
    INSERT INTO id_tag_jobs (id, organization_id, type, status, total, key, pseudonym, tag_id, created_at, published_at)
    SELECT $3::uuid, $1::uuid, 'erase', 'PENDING', (SELECT count(*)::int FROM chargers WHERE organization_id = $1::uuid), t.key,
      $5::text, t.id, $4::timestamptz, $4::timestamptz FROM t RETURNING total
  ), forgotten AS (
    DELETE FROM idempotency_keys k USING t
    WHERE k.organization_id = $1::uuid AND k.path = '/api/v1/id-tags' AND position(t.id IN k.response ->> 'body') > 0
  )
  SELECT t.key, t.shard, moved.version, job.total FROM t, moved, job WHERE EXISTS (SELECT 1 FROM effects)`;

const ACCEPTED = `SELECT j.key, e.shard, s.version, j.total FROM id_tag_jobs j JOIN id_tag_sets s ON s.organization_id = j.organization_id
  JOIN id_tag_effects e ON e.batch_id = j.id WHERE j.id = $2::uuid AND j.organization_id = $1::uuid`;

const ERASURE_OF =
  "SELECT id FROM id_tag_jobs WHERE organization_id = $1::uuid AND tag_id = $2::text AND type = 'erase'";

const acceptedRow = z.object({
  key: z.string(),
  shard: z.number(),
  version: z.coerce.number(),
  total: z.number(),
});

/** Chargers in the order of ids, deleted ones too: their history stays. */
const PART = `SELECT j.key, j.pseudonym, j.cursor_id AS cursor, coalesce((SELECT jsonb_agg(x ORDER BY x.id) FROM (
    SELECT c.id, c.identity, o.slug AS "organizationSlug", c.deleted_at IS NULL
      AND EXISTS (SELECT 1 FROM charger_connections n WHERE n.charger_id = c.id) AS "hasSession"
    FROM chargers c JOIN organizations o ON o.id = c.organization_id
    WHERE c.organization_id = $1::uuid AND (j.cursor_id IS NULL OR c.id > j.cursor_id) ORDER BY c.id LIMIT $3::int) x), '[]') AS chargers
  FROM id_tag_jobs j WHERE j.id = $2::uuid AND j.organization_id = $1::uuid AND j.type = 'erase' AND j.status <> 'DONE'`;

const partRow = z.object({
  key: z.string(),
  pseudonym: z.string(),
  cursor: z.string().nullable(),
  chargers: z.array(
    z.object({
      id: z.string(),
      identity: z.string(),
      organizationSlug: z.string(),
      hasSession: z.boolean(),
    }) satisfies z.ZodType<ErasureCharger>,
  ),
});

/** Events that may name a tag, as the index of them has it. */
const TAGGED: readonly EventType[] = [
  "transaction.started",
  "transaction.stopped",
  "reservation.created",
  "reservation.used",
  "reservation.cancelled",
  "reservation.expired",
  "reservation.removed",
  "data_transfer.received",
  "security.event",
];

/**
 * Puts the pseudonym in the place of a tag, in all that is stored of some chargers. $1 organisation, $2 job, $3 chargers, $4 tag,
 * $5 pseudonym, $6 now, $7 pattern of the tag as a field of JSON text, $8 pattern of it as a word, $9 last charger, $10 the one
 * before the first, $11 pattern of the tag as a field of the data of an event.
 */
const ERASE = `WITH tx AS (
    UPDATE transactions SET id_tag = $5::text WHERE charger_id = ANY($3::uuid[]) AND lower(id_tag) = $4::text
  ), reserved AS (
    UPDATE reservations SET id_tag = CASE WHEN lower(id_tag) = $4::text THEN $5::text ELSE id_tag END,
      group_id = CASE WHEN lower(group_id) = $4::text THEN $5::text ELSE group_id END
    WHERE charger_id = ANY($3::uuid[]) AND (lower(id_tag) = $4::text OR lower(group_id) = $4::text)
  ), conflicts AS (
    UPDATE transaction_conflicts SET fact = jsonb_set(fact, '{id_tag}', to_jsonb($5::text))
    WHERE charger_id = ANY($3::uuid[]) AND lower(fact ->> 'id_tag') = $4::text
  ), meters AS (
    UPDATE meter_values SET id_tag = $5::text
    WHERE organization_id = $1::uuid AND transaction_id IS NULL AND charger_id = ANY($3::uuid[]) AND lower(id_tag) = $4::text
  ), reports AS (
    UPDATE station_events SET payload = regexp_replace(payload::text, $7::text, '\\1"' || $5::text || '"', 'gi')::jsonb
    WHERE charger_id = ANY($3::uuid[]) AND payload::text ~* $7::text
  ), notices AS (
    UPDATE security_events SET tech_info = regexp_replace(tech_info, $8::text, $5::text, 'gi')
    WHERE charger_id = ANY($3::uuid[]) AND tech_info ~* $8::text
  ), transfers AS (
    UPDATE data_transfers SET data = regexp_replace(data, $8::text, $5::text, 'gi'),
      response_data = regexp_replace(response_data, $8::text, $5::text, 'gi')
    WHERE charger_id = ANY($3::uuid[]) AND (data ~* $8::text OR response_data ~* $8::text)
  ), told AS (
    UPDATE events SET data = regexp_replace(data::text, CASE WHEN type IN ('data_transfer.received', 'security.event')
      THEN $8::text ELSE $11::text END, CASE WHEN type IN ('data_transfer.received', 'security.event')
      THEN $5::text ELSE '\\1"' || $5::text || '"' END, 'gi')::json
    WHERE charger_id = ANY($3::uuid[]) AND data::text ~* $8::text AND type IN (${TAGGED.map((type) => `'${type}'`).join(", ")})
  ), lists AS (
    UPDATE charger_local_lists SET list = NULL, list_version = NULL WHERE charger_id = ANY($3::uuid[]) AND list ? $4::text
  ), items AS (
    UPDATE id_tag_job_items i SET item = jsonb_build_object('idTag', $5::text), error = jsonb_set(i.error, '{message}', '"erased"')
    FROM id_tag_jobs j WHERE j.organization_id = $1::uuid AND i.job_id = j.id AND i.error IS NOT NULL AND i.item ->> 'key' = $4::text
  )
  UPDATE id_tag_jobs SET status = 'RUNNING', cursor_id = $9::uuid, done = done + cardinality($3::uuid[]),
    published_at = $6::timestamptz
  WHERE id = $2::uuid AND organization_id = $1::uuid AND cursor_id IS NOT DISTINCT FROM $10::uuid AND status <> 'DONE'`;

/** The tag in a pattern: only letters and digits stand for themselves. */
function escaped(key: string): string {
  return key.replaceAll(/[^a-z0-9]/g, (character) => `\\${character}`);
}

/** Erasure of tags in Postgres. */
export function tagErasure(
  sql: Sql,
): Pick<TagJobStore, "acceptErasure" | "erasureOf" | "erasurePart" | "erase"> {
  return {
    async acceptErasure(organizationId, tagId, { id, pseudonym, now }) {
      const whenStored = { text: ACCEPTED, params: [organizationId, id] };
      const rows = await sql.store(ACCEPT, [organizationId, tagId, id, now, pseudonym], whenStored);
      if (rows.length === 0) return null;
      const { key, shard, version, total } = onlyRow(acceptedRow, rows);
      return {
        start: { id, organizationId, type: "erase", total, attempt: 0 },
        effects: { id, total: 1 },
        update: { organizationId, shard, version, tags: [], gone: [key] },
      };
    },

    async erasureOf(organizationId, tagId) {
      return (
        firstRow(z.object({ id: z.string() }), await sql.read(ERASURE_OF, [organizationId, tagId]))?.id ??
        null
      );
    },

    async erasurePart(organizationId, jobId, limit) {
      return firstRow(partRow, await sql.read(PART, [organizationId, jobId, limit]));
    },

    async erase(organizationId, jobId, { key, pseudonym, cursor, chargers }, now) {
      const ids = chargers.map(({ id }) => id);
      const word = escaped(key);
      const field = `("(?:idTag|idToken|parentIdTag|additionalIdToken)": )"${word}"`;
      const bounded = `(?<![A-Za-z0-9])${word}(?![A-Za-z0-9])`;
      const last = ids.at(-1) ?? null;
      const ofEvent = `("idTag" : )"${word}"`;
      const patterns = [field, bounded, last, cursor, ofEvent];
      await sql.write(ERASE, [organizationId, jobId, `{${ids.join(",")}}`, key, pseudonym, now, ...patterns]);
    },
  };
}
