import { z } from "zod";
import type { TagPolicies } from "../ports.ts";
import { firstRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

const policyRow = z
  .object({ accept_unknown_id_tags: z.boolean(), read_at_ms: z.number() })
  .transform((row) => ({ acceptsUnknown: row.accept_unknown_id_tags, readAtMs: row.read_at_ms }));

const READ = `SELECT accept_unknown_id_tags, (extract(epoch FROM now()) * 1000)::float8 AS read_at_ms
  FROM organizations WHERE id = $1::uuid`;

export function tagPolicies(sql: Sql): TagPolicies {
  return { read: async (organizationId) => firstRow(policyRow, await sql.read(READ, [organizationId])) };
}
