import { z } from "zod";
import { OCPP_VERSIONS } from "../ocpp/version.ts";
import type { KnownLimits, ListTag, LocalListState, LocalListStore, LocalListWork } from "../ports.ts";
import { firstRow, isUuid, onlyRow, parseRows, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** How long a run that was published is waited for, before the sweeper starts another one. */
const LEASE_SECONDS = 90;
const PER_PASS = 500;

const CHARGER = `SELECT c.id, c.organization_id FROM chargers c
  WHERE c.organization_id = $1::uuid AND c.identity = $2::text AND c.deleted_at IS NULL`;

/** What a client is shown of a list, NULL for a charger without a row. `l`: row of the list. */
const shown = (
  l: string,
) => `coalesce(${l}.mode, 'off') AS mode, nullif(${l}.version, 0) AS version, ${l}.reported_version,
  ${l}.entries, ${l}.outcome, ${l}.updated_at`;

const GET = `SELECT ${shown("l")} FROM (${CHARGER}) c LEFT JOIN charger_local_lists l ON l.charger_id = c.id`;

/** Returns the list as well, so that nobody has to read what was stored, and finds the database away then. */
const SET_MODE = `WITH c AS (${CHARGER}), stored AS (
    INSERT INTO charger_local_lists AS l (charger_id, organization_id, mode, revision, outcome, next_at, updated_at)
    SELECT c.id, c.organization_id, $3::text, 1, CASE WHEN $3::text = 'managed' THEN 'pending' END,
      $4::timestamptz + interval '${LEASE_SECONDS} seconds', $4::timestamptz FROM c
    ON CONFLICT (charger_id) DO UPDATE SET mode = excluded.mode, revision = l.revision + 1, outcome = excluded.outcome,
      list = NULL, list_version = NULL, limits = NULL, entries = NULL, generation = -1, tag_version = -1, attempt = l.attempt + 1,
      next_at = excluded.next_at, updated_at = excluded.updated_at WHERE l.mode <> excluded.mode
    RETURNING l.*
  )
  SELECT c.id, s.attempt, ${shown("s")} FROM c JOIN stored s ON s.charger_id = c.id
  UNION ALL SELECT c.id, NULL, ${shown("l")} FROM c LEFT JOIN charger_local_lists l ON l.charger_id = c.id
  WHERE NOT EXISTS (SELECT 1 FROM stored)`;

/** Reads the result of SET_MODE in case its answer is lost. */
const MODE_SET = `SELECT c.id, l.attempt, ${shown("l")} FROM (${CHARGER}) c
  JOIN charger_local_lists l ON l.charger_id = c.id AND l.mode = $3::text AND l.updated_at = $4::timestamptz`;

const REPLACE = `UPDATE charger_local_lists l SET mode = 'off', revision = l.revision + 1, outcome = 'replaced', list = NULL,
    list_version = NULL, entries = NULL, updated_at = $3::timestamptz
  FROM (${CHARGER}) c WHERE l.charger_id = c.id AND l.mode = 'managed' RETURNING l.revision`;

/** Reads the result of REPLACE in case its answer is lost. */
const REPLACED = `SELECT l.revision FROM charger_local_lists l JOIN (${CHARGER}) c ON c.id = l.charger_id
  WHERE l.mode = 'off' AND l.outcome = 'replaced' AND l.updated_at = $3::timestamptz`;

const KEEP = `UPDATE charger_local_lists l SET mode = 'managed', revision = l.revision + 1, outcome = 'pending', generation = -1,
    tag_version = -1, next_at = NULL, updated_at = $4::timestamptz
  FROM (${CHARGER}) c WHERE l.charger_id = c.id AND l.mode = 'off' AND l.outcome = 'replaced' AND l.revision = $3::int`;

const WORK = `SELECT l.charger_id, l.organization_id, o.slug, c.identity, o.master_pass_group_id, l.revision, l.version, l.list,
    l.list_version, l.limits, l.outcome, l.generation, l.boots, l.checked_boots
  FROM charger_local_lists l JOIN chargers c ON c.id = l.charger_id JOIN organizations o ON o.id = c.organization_id
  WHERE l.charger_id = $1::uuid AND l.mode = 'managed' AND c.deleted_at IS NULL`;

const LIVE = "t.status = 'active' AND (t.expires_at IS NULL OR t.expires_at > $6::timestamptz)";

const unscoped = (
  where: string,
) => `(SELECT t.id FROM id_tags t WHERE t.organization_id = $1::uuid AND NOT t.is_scoped
    AND coalesce(length(t.id_tag) <= $4::int AND ${where}, false) ORDER BY t.key LIMIT $5::int)`;

/**
 * Tags for the list of a charger. Each part is bounded and in the order of an index; tags of the master pass group are valid
 * everywhere. `coalesce` hides a condition from the planner, which would sort the rows of it instead of reading an index in order; LATERAL looks rows up one by one.
 */
const WANTED = `SELECT coalesce((SELECT version FROM id_tag_sets WHERE organization_id = $1::uuid), 0) AS version,
  coalesce((SELECT jsonb_agg(jsonb_build_object('key', x.key, 'idTag', x.id_tag, 'type', x.type, 'groupId', x.group_id,
    'blocked', x.status = 'blocked', 'expiresAtMs', (extract(epoch FROM x.expires_at) * 1000)::bigint) ORDER BY x.place, x.key)
  FROM (SELECT t.*, CASE WHEN ${LIVE} THEN 0 ELSE 1 END AS place FROM (
      ${unscoped(LIVE)}
      UNION ${unscoped(`NOT (${LIVE})`)}
      UNION (SELECT k.id FROM id_tag_chargers s CROSS JOIN LATERAL (SELECT t.id FROM id_tags t
        WHERE t.id = s.tag_id AND t.organization_id = $1::uuid AND length(t.id_tag) <= $4::int LIMIT 1) k
        WHERE s.charger_id = $2::uuid)
      UNION (SELECT t.id FROM id_tags t WHERE t.organization_id = $1::uuid AND t.group_id = $3::text
        AND coalesce(length(t.id_tag) <= $4::int, false) ORDER BY t.key LIMIT $5::int)
    ) p CROSS JOIN LATERAL (SELECT * FROM id_tags k WHERE k.id = p.id LIMIT 1) t ORDER BY place, t.key LIMIT $5::int) x), '[]') AS tags`;

const OWN = "charger_id = $1::uuid AND revision = $2::int AND mode = 'managed'";

const BEGIN = `UPDATE charger_local_lists SET version = $3::int WHERE ${OWN} AND version < $3::int RETURNING version`;

const CONFIRM = `UPDATE charger_local_lists SET list = $4::jsonb, list_version = $3::int, reported_version = $3::int, entries = $5::int
  WHERE ${OWN} AND coalesce(list_version, 0) <= $3::int`;

const RECORD = `UPDATE charger_local_lists SET outcome = $3::text, reported_version = coalesce($4::int, reported_version),
    limits = $5::jsonb, tag_version = coalesce($6::bigint, (SELECT version FROM id_tag_sets s
      WHERE s.organization_id = charger_local_lists.organization_id), 0),
    master_pass_group_id = $7::text, generation = $8::int, checked_boots = $9::int, next_at = NULL, updated_at = $10::timestamptz
  WHERE ${OWN}`;

const POSTPONE = `UPDATE charger_local_lists SET next_at = $3::timestamptz WHERE ${OWN}`;

const DUE = `WITH waiting AS (
    SELECT l.charger_id FROM charger_local_lists l JOIN charger_connections k ON k.charger_id = l.charger_id AND k.online
    JOIN chargers c ON c.id = l.charger_id AND c.deleted_at IS NULL JOIN organizations o ON o.id = l.organization_id
    LEFT JOIN id_tag_sets s ON s.organization_id = l.organization_id
    WHERE l.mode = 'managed' AND (l.next_at IS NULL OR l.next_at <= $1::timestamptz)
      AND (l.tag_version < coalesce(s.version, 0) AND l.outcome NOT IN ('unsupported', 'disabled') OR l.generation < k.generation OR l.checked_boots < l.boots
        OR l.master_pass_group_id IS DISTINCT FROM o.master_pass_group_id)
    ORDER BY l.next_at NULLS FIRST LIMIT ${PER_PASS}
  )
  UPDATE charger_local_lists l SET attempt = l.attempt + 1, next_at = $1::timestamptz + interval '${LEASE_SECONDS} seconds'
  FROM waiting w WHERE l.charger_id = w.charger_id RETURNING l.charger_id, l.attempt`;

const outcome = z.enum([
  "pending",
  "applied",
  "cut",
  "failed",
  "unsupported",
  "disabled",
  "unanswered",
  "replaced",
]);

const state = {
  mode: z.enum(["managed", "off"]),
  version: z.number().nullable(),
  reported_version: z.number().nullable(),
  entries: z.number().nullable(),
  outcome: outcome.nullable(),
  updated_at: timestamp.nullable(),
};

const stateRow = z.object(state).transform(stateOf);

const setRow = z.object({ id: z.string(), attempt: z.number().nullable(), ...state });

function stateOf(row: z.output<z.ZodObject<typeof state>>): LocalListState {
  const { mode, version, reported_version, entries, outcome: word, updated_at } = row;
  return { mode, version, reportedVersion: reported_version, entries, outcome: word, updatedAt: updated_at };
}

const limits = z.object({
  ocppVersion: z.enum(OCPP_VERSIONS),
  isEnabled: z.boolean().nullable(),
  entriesMax: z.number().nullable(),
  itemsMax: z.number().nullable(),
  bytesMax: z.number().nullable(),
}) satisfies z.ZodType<KnownLimits>;

const workRow = z
  .object({
    charger_id: z.string(),
    organization_id: z.string(),
    slug: z.string(),
    identity: z.string(),
    master_pass_group_id: z.string().nullable(),
    revision: z.number(),
    version: z.number(),
    list: z.record(z.string(), z.tuple([z.string(), z.string().nullable(), z.string()])).nullable(),
    list_version: z.number().nullable(),
    limits: limits.nullable(),
    outcome: outcome.nullable(),
    generation: z.number(),
    boots: z.number(),
    checked_boots: z.number(),
  })
  .transform((row): LocalListWork => ({
    chargerId: row.charger_id,
    organizationId: row.organization_id,
    organizationSlug: row.slug,
    identity: row.identity,
    masterPassGroupId: row.master_pass_group_id,
    revision: row.revision,
    version: row.version,
    list: row.list,
    listVersion: row.list_version,
    limits: row.limits,
    outcome: row.outcome,
    generation: row.generation,
    boots: row.boots,
    checkedBoots: row.checked_boots,
  }));

const wantedRow = z.object({
  version: z.coerce.number(),
  tags: z.array(
    z.object({
      key: z.string(),
      idTag: z.string(),
      type: z.string().nullable(),
      groupId: z.string().nullable(),
      blocked: z.boolean(),
      expiresAtMs: z.number().nullable(),
    }) satisfies z.ZodType<ListTag>,
  ),
});

const dueRow = z
  .object({ charger_id: z.string(), attempt: z.number() })
  .transform(({ charger_id, attempt }) => ({ chargerId: charger_id, attempt }));

/** Managed local lists in Postgres. */
export function localListStore(sql: Sql): LocalListStore {
  return {
    ...listWork(sql),

    async get(organizationId, identity) {
      return firstRow(stateRow, await sql.read(GET, [organizationId, identity]));
    },

    async setMode(organizationId, identity, mode, now) {
      const params = [organizationId, identity, mode, now];
      const rows = await sql.store(SET_MODE, params, { text: MODE_SET, params });
      const row = firstRow(setRow, rows);
      if (!row) return null;
      const isStarted = row.attempt !== null && mode === "managed";
      const start = isStarted ? { chargerId: row.id, attempt: row.attempt ?? 0 } : null;
      return { start, state: stateOf(row) };
    },

    async replace(organizationId, identity, now) {
      const params = [organizationId, identity, now];
      const rows = await sql.store(REPLACE, params, { text: REPLACED, params });
      return firstRow(z.object({ revision: z.number() }), rows)?.revision ?? null;
    },

    async keep(organizationId, identity, revision, now) {
      await sql.store(KEEP, [organizationId, identity, revision, now], "repeat");
    },

    due: async (now) => parseRows(dueRow, await sql.write(DUE, [now])),
  };
}

function listWork(sql: Sql): Omit<LocalListStore, "get" | "setMode" | "replace" | "keep" | "due"> {
  return {
    async work(chargerId) {
      return isUuid(chargerId) ? firstRow(workRow, await sql.read(WORK, [chargerId])) : null;
    },

    async wanted({ organizationId, chargerId, masterPassGroupId }, idTagMax, limit, now) {
      const params = [organizationId, chargerId, masterPassGroupId, idTagMax, limit, now];
      return onlyRow(wantedRow, await sql.read(WANTED, params));
    },

    async begin({ chargerId, revision }, version) {
      return (await sql.write(BEGIN, [chargerId, revision, version])).length > 0;
    },

    async confirm({ chargerId, revision }, version, list) {
      const entries = Object.keys(list).length;
      await sql.write(CONFIRM, [chargerId, revision, version, JSON.stringify(list), entries]);
    },

    async record({ chargerId, revision }, result, now) {
      const { outcome: word, reportedVersion, tagVersion, masterPassGroupId, generation, boots } = result;
      const known = result.limits && JSON.stringify(result.limits);
      const params = [word, reportedVersion, known, tagVersion, masterPassGroupId, generation, boots, now];
      await sql.write(RECORD, [chargerId, revision, ...params]);
    },

    async postpone({ chargerId, revision }, until) {
      await sql.write(POSTPONE, [chargerId, revision, until]);
    },
  };
}
