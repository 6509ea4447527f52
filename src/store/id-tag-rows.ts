import { z } from "zod";
import type { IdTag, RegistryTag } from "../ports.ts";
import { timestamp } from "./rows.ts";

/** Columns of `idTagRow`. Table alias: `t` id_tags. */
export const ID_TAG_COLUMNS = `t.id, t.id_tag, t.name, t.status, t.is_scoped, t.source, t.type, t.group_id, t.expires_at, t.created_at,
  t.updated_at`;

/** A row of `ID_TAG_COLUMNS` as an `IdTag`. */
export const idTagRow = z
  .object({
    id: z.string(),
    id_tag: z.string(),
    name: z.string().nullable(),
    status: z.enum(["active", "blocked"]),
    is_scoped: z.boolean(),
    source: z.enum(["api", "import"]),
    type: z.string().nullable(),
    group_id: z.string().nullable(),
    expires_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .transform((row): IdTag => ({
    id: row.id,
    idTag: row.id_tag,
    name: row.name,
    status: row.status,
    isScoped: row.is_scoped,
    source: row.source,
    type: row.type,
    groupId: row.group_id,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));

/** A tag as the registry holds it, as one JSON value. Table alias: `t` id_tags; `chargers`: their ids as a JSON list. */
export const registryTagSql = (chargers: string): string => `jsonb_build_object('key', t.key,
    'blocked', t.status = 'blocked', 'expiresAtMs', (extract(epoch FROM t.expires_at) * 1000)::bigint, 'groupId', t.group_id,
    'type', t.type, 'chargerIds', CASE WHEN t.is_scoped THEN ${chargers} END)`;

/** Ids of the chargers that a tag is limited to. */
export const STORED_CHARGERS = `(SELECT coalesce(jsonb_agg(s.charger_id), '[]') FROM id_tag_chargers s WHERE s.tag_id = t.id)`;

export const registryTag = z.object({
  key: z.string(),
  blocked: z.boolean(),
  expiresAtMs: z.number().nullable(),
  groupId: z.string().nullable(),
  type: z.string().nullable(),
  chargerIds: z.array(z.string()).nullable(),
}) satisfies z.ZodType<RegistryTag>;

/** A bigint column, which the driver delivers as text. */
export const version = z.coerce.number();

/** Tags of a registry at one version. */
export const tagsRow = z.object({ version, tags: z.array(registryTag) });

/**
 * Raises the version of an organisation's tags ($1), if `changed` has a row. It is the last lock that a statement takes, so that
 * none waits for another one in a circle, and versions are in the order of commits.
 */
export const movedSql = (changed: string, now: string): string => `moved AS (
    INSERT INTO id_tag_sets AS s (organization_id, version, reconciled_at)
    SELECT $1::uuid, 1, ${now} WHERE (SELECT count(*) FROM ${changed}) > 0
    ON CONFLICT (organization_id) DO UPDATE SET version = s.version + 1 RETURNING version
  )`;

/** Stores an effect per row of `changed`, which has columns key and shard. */
export const effectsSql = (changed: string, batch: string, now: string): string => `effects AS (
    INSERT INTO id_tag_effects (batch_id, seq, organization_id, shard, key, published_at)
    SELECT ${batch}, row_number() OVER (ORDER BY key) - 1, $1::uuid, shard, key, ${now} FROM ${changed} RETURNING seq
  )`;
