import { z } from "zod";
import { Conflict } from "../errors.ts";
import { tagKey } from "../ocpp/tag-judgement.ts";
import type { IdTagChanges, IdTagStore, NewIdTag, TagChanged, TagCharger } from "../ports.ts";
import { tagShard } from "../tag-shard.ts";
import {
  effectsSql,
  ID_TAG_COLUMNS,
  idTagRow,
  movedSql,
  registryTag,
  registryTagSql,
  STORED_CHARGERS,
  version,
} from "./id-tag-rows.ts";
import { idTagLists } from "./id-tag-lists.ts";
import { claimParams, claimSql, replay } from "./idempotency.ts";
import { firstRow, parseRows } from "./rows.ts";
import { violates, type Row, type Sql } from "./sql.ts";

const CREATE = `WITH tenant AS (
    SELECT 1 FROM organizations WHERE id = $1::uuid
  ), ${claimSql(14, "$1::uuid", "$12::timestamptz", "tenant")}, t AS (
    INSERT INTO id_tags (organization_id, id, id_tag, key, shard, type, name, group_id, status, expires_at, is_scoped, created_at,
      updated_at)
    SELECT $1::uuid, $2::text, $3::text, $4::text, $5::smallint, $6::text, $7::text, $8::text, $9::text, $10::timestamptz,
      cardinality($11::uuid[]) > 0, $12::timestamptz, $12::timestamptz
    FROM go RETURNING *
  ), scoped AS (
    INSERT INTO id_tag_chargers (tag_id, charger_id) SELECT t.id, c FROM t, unnest($11::uuid[]) AS c
  ), ${movedSql("t", "$12::timestamptz")}, ${effectsSql("t", "$13::uuid", "$12::timestamptz")}
  SELECT ${ID_TAG_COLUMNS}, t.shard, ${registryTagSql("to_jsonb($11::uuid[])")} AS tag, moved.version
  FROM t, moved WHERE EXISTS (SELECT 1 FROM effects)`;

/** A stored tag with the version of its organisation's tags. $1 organisation, $2 tag. */
const STORED = `SELECT ${ID_TAG_COLUMNS}, t.shard, ${registryTagSql(STORED_CHARGERS)} AS tag, s.version
  FROM id_tags t JOIN id_tag_sets s ON s.organization_id = t.organization_id
  WHERE t.organization_id = $1::uuid AND t.id = $2::text`;

const named = (column: string, value = `$3::jsonb ->> '${column}'`) =>
  `${column} = CASE WHEN $3::jsonb ? '${column}' THEN ${value} ELSE t.${column} END`;

const TOLD_CHARGERS = `SELECT c::uuid FROM jsonb_array_elements_text($3::jsonb -> 'charger_ids') c`;

const CHANGE = `WITH t AS (
    UPDATE id_tags t SET ${named("name")}, ${named("status")}, ${named("type")}, ${named("group_id")},
      ${named("expires_at", "($3::jsonb ->> 'expires_at')::timestamptz")},
      is_scoped = CASE WHEN $3::jsonb ? 'charger_ids' THEN jsonb_array_length($3::jsonb -> 'charger_ids') > 0 ELSE t.is_scoped END,
      updated_at = $4::timestamptz
    WHERE t.organization_id = $1::uuid AND t.id = $2::text RETURNING t.*
  ), dropped AS (
    DELETE FROM id_tag_chargers s USING t
    WHERE s.tag_id = t.id AND $3::jsonb ? 'charger_ids' AND s.charger_id NOT IN (${TOLD_CHARGERS})
  ), added AS (
    INSERT INTO id_tag_chargers (tag_id, charger_id) SELECT t.id, c.c FROM t, (${TOLD_CHARGERS}) AS c(c) ON CONFLICT DO NOTHING
  ), ${movedSql("t", "$4::timestamptz")}, ${effectsSql("t", "$5::uuid", "$4::timestamptz")}
  SELECT ${ID_TAG_COLUMNS}, t.shard, moved.version,
    ${registryTagSql(`coalesce($3::jsonb -> 'charger_ids', ${STORED_CHARGERS})`)} AS tag
  FROM t, moved WHERE EXISTS (SELECT 1 FROM effects)`;

const REMOVE = `WITH t AS (
    DELETE FROM id_tags WHERE organization_id = $1::uuid AND id = $2::text RETURNING key, shard
  ), ${movedSql("t", "$4::timestamptz")}, ${effectsSql("t", "$3::uuid", "$4::timestamptz")}
  SELECT t.key, t.shard, moved.version FROM t, moved WHERE EXISTS (SELECT 1 FROM effects)`;

/** Reads the result of REMOVE from its effect, in case its answer is lost. */
const REMOVED = `SELECT e.key, e.shard, s.version FROM id_tag_effects e JOIN id_tag_sets s ON s.organization_id = e.organization_id
  WHERE e.batch_id = $2::uuid AND e.organization_id = $1::uuid`;

const changedRow = z.object({ shard: z.number(), version, tag: registryTag });
const removedRow = z.object({ key: z.string(), shard: z.number(), version });

const GET = `SELECT ${ID_TAG_COLUMNS}, ARRAY(SELECT c.identity FROM id_tag_chargers s JOIN chargers c ON c.id = s.charger_id
    WHERE s.tag_id = t.id AND c.deleted_at IS NULL ORDER BY c.identity) AS identities
  FROM id_tags t WHERE t.organization_id = $1::uuid AND t.id = $2::text`;

const CHARGERS = `SELECT c.id, c.identity, coalesce(s.ocpp_version, c.ocpp_version) AS ocpp_version
  FROM chargers c LEFT JOIN charger_connections s ON s.charger_id = c.id
  WHERE c.organization_id = $1::uuid AND c.identity = ANY($2::text[]) AND c.deleted_at IS NULL`;

function changed(organizationId: string, batchId: string, row: Row): TagChanged {
  const { shard, version: at, tag } = changedRow.parse(row);
  return {
    tag: idTagRow.parse(row),
    effects: { id: batchId, total: 1 },
    update: { organizationId, shard, version: at, tags: [tag], gone: [] },
  };
}

function wireChanges({ groupId, expiresAt, chargerIds, ...same }: IdTagChanges): string {
  return JSON.stringify({ ...same, group_id: groupId, expires_at: expiresAt, charger_ids: chargerIds });
}

function createParams(organizationId: string, tag: NewIdTag, now: Date, batchId: string): unknown[] {
  const key = tagKey(tag.idTag);
  const { id, idTag, type, name, groupId, status, expiresAt, chargerIds } = tag;
  const fields = [id, idTag, key, tagShard(key), type, name, groupId, status, expiresAt];
  return [organizationId, ...fields, `{${chargerIds.join(",")}}`, now, batchId];
}

const chargerRow = z
  .object({ id: z.string(), identity: z.string(), ocpp_version: z.string().nullable() })
  .transform(({ ocpp_version, ...row }): TagCharger => ({ ...row, ocppVersion: ocpp_version }));

/** Id tags in Postgres. Every statement names the organisation. */
export function idTagStore(sql: Sql): IdTagStore {
  return {
    ...idTagLists(sql),

    async get(organizationId, id) {
      const rows = await sql.read(GET, [organizationId, id]);
      const tag = firstRow(idTagRow, rows);
      const own = firstRow(z.object({ identities: z.array(z.string()) }), rows);
      return tag && { tag, chargeBoxIds: own?.identities ?? [] };
    },

    async chargers(organizationId, identities) {
      return parseRows(chargerRow, await sql.read(CHARGERS, [organizationId, identities]));
    },

    async create(organizationId, tag, batchId, claim, record, now) {
      const params = [...createParams(organizationId, tag, now, batchId), ...claimParams(claim, record)];
      const whenStored = { text: STORED, params: [organizationId, tag.id] };
      const [row] = await sql.store(CREATE, params, whenStored).catch((error: unknown) => {
        if (violates(error, "id_tags_key")) throw new Conflict(`Id Tag ${tag.idTag} already exists`);
        throw error;
      });
      if (row) return { kind: "done", value: changed(organizationId, batchId, row) };
      if (claim === null) throw new Conflict("The organization does not exist any more");
      return { kind: "replayed", response: await replay(sql, organizationId, claim) };
    },

    async change(organizationId, id, changes, batchId, now) {
      const params = [organizationId, id, wireChanges(changes), now, batchId];
      const whenStored = { text: STORED, params: [organizationId, id] };
      const [row] = await sql.store(CHANGE, params, whenStored);
      return row ? changed(organizationId, batchId, row) : null;
    },

    async remove(organizationId, id, batchId, now) {
      const whenStored = { text: REMOVED, params: [organizationId, batchId] };
      const row = firstRow(
        removedRow,
        await sql.store(REMOVE, [organizationId, id, batchId, now], whenStored),
      );
      if (!row) return null;
      const { key, shard, version: at } = row;
      const update = { organizationId, shard, version: at, tags: [], gone: [key] };
      return { effects: { id: batchId, total: 1 }, update };
    },
  };
}
