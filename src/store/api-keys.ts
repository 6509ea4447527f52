import { z } from "zod";
import type { ApiKey, ApiKeyStore } from "../ports.ts";
import { ORGANIZATION_COLUMNS, organizationRow } from "./organizations.ts";
import { firstRow, onlyRow, parseRows, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";

const apiKeyRow = z
  .object({
    key_id: z.string(),
    key_name: z.string(),
    role: z.enum(["viewer", "operator", "service", "owner"]),
    prefix: z.string(),
    created_at: timestamp,
    last_used_at: timestamp.nullable(),
  })
  .transform((row): ApiKey => ({
    id: row.key_id,
    name: row.key_name,
    role: row.role,
    prefix: row.prefix,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  }));

/** Shape of a key id. Other texts are refused before Postgres, which does not accept every text (NUL). */
const KEY_ID = /^key_[0-9A-Z]{26}$/;

const COLUMNS = "k.id AS key_id, k.name AS key_name, k.role, k.prefix, k.created_at, k.last_used_at";

async function findKey(sql: Sql, condition: string, value: string) {
  const rows = await sql.read(
    `SELECT ${COLUMNS}, ${ORGANIZATION_COLUMNS}
     FROM api_keys k JOIN organizations o ON o.id = k.organization_id
     WHERE ${condition} AND k.revoked_at IS NULL`,
    [value],
  );
  const key = firstRow(apiKeyRow, rows);
  const organization = firstRow(organizationRow, rows);
  return key && organization ? { key, organization } : null;
}

/** API keys in Postgres. */
export function apiKeyStore(sql: Sql): ApiKeyStore {
  return {
    findByDigest: (digest) => findKey(sql, "k.digest = $1", digest),
    findById: (id) => findKey(sql, "k.id = $1", id),

    async insert(organizationId, key, digest, now) {
      const rows = await sql.store(
        `INSERT INTO api_keys AS k (id, organization_id, name, role, prefix, digest, created_at)
         VALUES ($1, $2::uuid, $3, $4, $5, $6, $7::timestamptz) RETURNING ${COLUMNS}`,
        [key.id, organizationId, key.name, key.role, key.prefix, digest, now],
        { text: `SELECT ${COLUMNS} FROM api_keys k WHERE k.id = $1`, params: [key.id] },
      );
      return onlyRow(apiKeyRow, rows);
    },

    async list(organizationId) {
      const rows = await sql.read(
        `SELECT ${COLUMNS} FROM api_keys k
         WHERE k.organization_id = $1::uuid AND k.revoked_at IS NULL ORDER BY k.created_at DESC, k.id DESC`,
        [organizationId],
      );
      return parseRows(apiKeyRow, rows);
    },

    async revoke(organizationId, id, now) {
      if (!KEY_ID.test(id)) return false;
      const params = [organizationId, id, now];
      const rows = await sql.store(
        `UPDATE api_keys SET revoked_at = $3::timestamptz
         WHERE id = $2 AND organization_id = $1::uuid AND revoked_at IS NULL RETURNING id`,
        params,
        {
          text: "SELECT id FROM api_keys WHERE id = $2 AND organization_id = $1::uuid AND revoked_at = $3::timestamptz",
          params,
        },
      );
      return rows.length === 1;
    },

    async touch(id, now) {
      await sql.write(
        `UPDATE api_keys SET last_used_at = $2::timestamptz
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz)`,
        [id, now],
      );
    },
  };
}
