import { z } from "zod";
import type { Organization, OrganizationChanges, OrganizationStore, TagPolicies } from "../ports.ts";
import { firstRow, isUuid } from "./rows.ts";
import { TAG_POLICY_COLUMNS, tagPolicyColumns, tagPolicyOf } from "./tag-policy-rows.ts";
import type { Sql } from "./sql.ts";

/** A row of `ORGANIZATION_COLUMNS` as an `Organization`. */
export const organizationRow = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    rate_limit: z.number().nullable(),
    rate_limit_window_seconds: z.number().nullable(),
    charger_limit: z.number().nullable(),
    open_job_limit: z.number().nullable(),
    accept_unknown_id_tags: z.boolean(),
    transfer_hosts: z.array(z.string()).nullable(),
    ws_url_hosts: z.array(z.string()).nullable(),
    allow_unauthenticated_chargers: z.boolean(),
    master_pass_group_id: z.string().nullable(),
    tag_cache_seconds: z.number().nullable(),
    transaction_update_seconds: z.number(),
  })
  .transform((row): Organization => ({
    id: row.id,
    slug: row.slug,
    name: row.name,
    rateLimit: row.rate_limit,
    rateLimitWindowSeconds: row.rate_limit_window_seconds,
    chargerLimit: row.charger_limit,
    openJobLimit: row.open_job_limit,
    acceptUnknownIdTags: row.accept_unknown_id_tags,
    transferHosts: row.transfer_hosts,
    wsUrlHosts: row.ws_url_hosts,
    allowUnauthenticatedChargers: row.allow_unauthenticated_chargers,
    masterPassGroupId: row.master_pass_group_id,
    tagCacheSeconds: row.tag_cache_seconds,
    transactionUpdateSeconds: row.transaction_update_seconds,
  }));

/** Columns of `organizationRow`, table alias `o`. */
export const ORGANIZATION_COLUMNS = `o.id, o.slug, o.name, o.rate_limit, o.rate_limit_window_seconds, o.charger_limit, o.open_job_limit,
  o.accept_unknown_id_tags, o.transfer_hosts, o.ws_url_hosts, o.allow_unauthenticated_chargers, o.master_pass_group_id,
  o.tag_cache_seconds, o.transaction_update_seconds`;

/** Effects per batch; a large organisation gets several batches, whose runs work in parallel. */
const EFFECTS_PER_BATCH = 1000;

const named = (column: string, value: string) =>
  `${column} = CASE WHEN $2::jsonb ? '${column}' THEN ${value} ELSE o.${column} END`;

const hosts = (column: string) =>
  named(
    column,
    `CASE WHEN jsonb_typeof($2::jsonb -> '${column}') = 'array'
      THEN ARRAY(SELECT jsonb_array_elements_text($2::jsonb -> '${column}')) END`,
  );

/** What sessions are told of an organisation, as one value to be compared. */
const POLICY = (alias: string): string =>
  `jsonb_build_array(${alias}.accept_unknown_id_tags, ${alias}.master_pass_group_id, ${alias}.tag_cache_seconds)`;

/**
 * Changes the organisation and, with a new policy for id tags, writes an effect per READY charger. A PENDING charger reads
 * the new policy when it is provisioned.
 */
const CHANGE = `WITH old AS (
    SELECT id, ${POLICY("organizations")} AS policy FROM organizations WHERE id = $1::uuid FOR UPDATE
  ), o AS (
    UPDATE organizations o SET ${named("name", "$2::jsonb ->> 'name'")},
      ${named("accept_unknown_id_tags", "($2::jsonb ->> 'accept_unknown_id_tags')::boolean")},
      ${named("allow_unauthenticated_chargers", "($2::jsonb ->> 'allow_unauthenticated_chargers')::boolean")},
      ${named("master_pass_group_id", "$2::jsonb ->> 'master_pass_group_id'")},
      ${named("tag_cache_seconds", "($2::jsonb ->> 'tag_cache_seconds')::int")},
      ${named("transaction_update_seconds", "($2::jsonb ->> 'transaction_update_seconds')::int")},
      ${hosts("transfer_hosts")}, ${hosts("ws_url_hosts")}
    FROM old WHERE o.id = old.id RETURNING o.*
  ), target AS (
    SELECT c.id, row_number() OVER (ORDER BY c.id) - 1 AS n FROM chargers c, old, o
    WHERE c.organization_id = $1::uuid AND c.deleted_at IS NULL AND c.status = 'READY'
      AND old.policy IS DISTINCT FROM ${POLICY("o")}
  ), batch AS MATERIALIZED (
    SELECT b, gen_random_uuid() AS id FROM generate_series(0, (SELECT max(n) FROM target) / ${EFFECTS_PER_BATCH}) AS b
  ), effects AS (
    INSERT INTO charger_effects (batch_id, seq, organization_id, charger_id, kind, published_at)
    SELECT batch.id, t.n % ${EFFECTS_PER_BATCH}, $1::uuid, t.id, 'sync', $3::timestamptz
    FROM target t JOIN batch ON batch.b = t.n / ${EFFECTS_PER_BATCH}
    RETURNING batch_id
  )
  SELECT ${ORGANIZATION_COLUMNS}, (SELECT coalesce(jsonb_agg(e), '[]') FROM (
    SELECT batch_id AS id, count(*)::int AS total FROM effects GROUP BY batch_id) e) AS effects
  FROM o`;

const effectsRow = z.object({ effects: z.array(z.object({ id: z.string(), total: z.number() })) });

function wireChanges({
  acceptUnknownIdTags,
  transferHosts,
  wsUrlHosts,
  allowUnauthenticatedChargers,
  masterPassGroupId,
  tagCacheSeconds,
  transactionUpdateSeconds,
  ...same
}: OrganizationChanges): string {
  const named = {
    accept_unknown_id_tags: acceptUnknownIdTags,
    transfer_hosts: transferHosts,
    ws_url_hosts: wsUrlHosts,
    allow_unauthenticated_chargers: allowUnauthenticatedChargers,
    master_pass_group_id: masterPassGroupId,
    tag_cache_seconds: tagCacheSeconds,
    transaction_update_seconds: transactionUpdateSeconds,
  };
  return JSON.stringify({ ...same, ...named });
}

/** Organisations in Postgres. */
export function organizationStore(sql: Sql): OrganizationStore {
  return {
    async get(id) {
      if (!isUuid(id)) return null;
      const rows = await sql.read(
        `SELECT ${ORGANIZATION_COLUMNS} FROM organizations o WHERE o.id = $1::uuid`,
        [id],
      );
      return firstRow(organizationRow, rows);
    },

    async change(id, changes, now) {
      const rows = await sql.store(CHANGE, [id, wireChanges(changes), now], "repeat");
      const organization = firstRow(organizationRow, rows);
      return organization && { organization, effects: firstRow(effectsRow, rows)?.effects ?? [] };
    },
  };
}

const policyRow = z.object(tagPolicyColumns).transform(tagPolicyOf);

const READ_POLICY = `SELECT ${TAG_POLICY_COLUMNS} FROM organizations o WHERE o.id = $1::uuid`;

/** Tag policies in Postgres, read with the time of the database. */
export function tagPolicies(sql: Sql): TagPolicies {
  return {
    read: async (organizationId) => firstRow(policyRow, await sql.read(READ_POLICY, [organizationId])),
  };
}
