import { z } from "zod";
import type { IdTag, IdTagStore, RegistryTag } from "../ports.ts";
import { ID_TAG_COLUMNS, idTagRow, registryTagSql, tagsRow } from "./id-tag-rows.ts";
import { isUuid, onlyRow, parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";

/**
 * One page: its keys and the count come from an index, then the rows of the page only. ORDER BY with OFFSET 0 keeps the planner on
 * that index. $2 limit, $3 offset.
 */
function listSql(where: string): string {
  const keys = `(SELECT k.id FROM id_tags k WHERE ${where} ORDER BY k.id DESC OFFSET 0)`;
  return `SELECT n.total, r.* FROM (SELECT count(*)::int AS total FROM ${keys} k) n
    LEFT JOIN (SELECT k.id AS key_id FROM ${keys} k ORDER BY k.id DESC LIMIT $2::int OFFSET $3::bigint) p ON true
    LEFT JOIN LATERAL (SELECT ${ID_TAG_COLUMNS} FROM id_tags t WHERE t.id = p.key_id LIMIT 1) r ON true ORDER BY p.key_id DESC`;
}

const OWN = "k.organization_id = $1::uuid";
/** `coalesce` hides the status from the planner, which would sort the few rows of it instead of reading an index in order. */
const OF_STATUS = "coalesce(k.status = $4::text, false)";
const LIST = { all: listSql(OWN), byStatus: listSql(`${OWN} AND ${OF_STATUS}`) };

const afterSql = (where: string): string => `SELECT ${ID_TAG_COLUMNS} FROM (
    SELECT k.id AS key_id FROM id_tags k WHERE ${OWN} AND ($3::text IS NULL OR k.id < $3::text)${where}
    ORDER BY k.id DESC LIMIT $2::int) p JOIN id_tags t ON t.id = p.key_id ORDER BY t.id DESC`;
const AFTER = { all: afterSql(""), byStatus: afterSql(` AND ${OF_STATUS}`) };

/** Both parts of the union are in the order of keys, from an index each. */
const VALID_FOR = `SELECT coalesce((SELECT version FROM id_tag_sets WHERE organization_id = $1::uuid), 0) AS version,
  coalesce((SELECT jsonb_agg(x.tag ORDER BY x.key) FROM (
    SELECT t.key, ${registryTagSql("jsonb_build_array($2::uuid)")} AS tag FROM (
      (SELECT k.id, k.key FROM id_tags k WHERE k.organization_id = $1::uuid AND NOT k.is_scoped AND k.key > $3::text
        ORDER BY k.key LIMIT $4::int)
      UNION ALL
      (SELECT k.id, k.key FROM id_tag_chargers s JOIN id_tags k ON k.id = s.tag_id
        WHERE s.charger_id = $2::uuid AND k.organization_id = $1::uuid AND k.key > $3::text ORDER BY k.key LIMIT $4::int)
    ) p JOIN id_tags t ON t.id = p.id ORDER BY t.key LIMIT $4::int) x), '[]') AS tags`;

/** Lists of id tags in Postgres. */
export function idTagLists(sql: Pick<Sql, "read">): Pick<IdTagStore, "list" | "listAfter" | "validFor"> {
  return {
    async list(organizationId, status, { limit, offset }) {
      const params = [organizationId, limit, offset];
      const rows = await (status === null
        ? sql.read(LIST.all, params)
        : sql.read(LIST.byStatus, [...params, status]));
      const { total } = onlyRow(z.object({ total: z.number() }), rows);
      return {
        total,
        rows: parseRows(
          idTagRow,
          rows.filter((row) => row["id"] !== null),
        ),
      };
    },

    async listAfter(organizationId, status, { after, limit }): Promise<IdTag[]> {
      const params = [organizationId, limit, after];
      const rows = await (status === null
        ? sql.read(AFTER.all, params)
        : sql.read(AFTER.byStatus, [...params, status]));
      return parseRows(idTagRow, rows);
    },

    async validFor(
      organizationId,
      chargerId,
      after,
      limit,
    ): Promise<{ version: number; tags: RegistryTag[] }> {
      if (!isUuid(chargerId)) return { version: 0, tags: [] };
      return onlyRow(tagsRow, await sql.read(VALID_FOR, [organizationId, chargerId, after, limit]));
    },
  };
}
