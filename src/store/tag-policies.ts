import { z } from "zod";
import type { TagPolicies } from "../ports.ts";
import { firstRow } from "./rows.ts";
import type { Sql } from "./sql.ts";

const policyRow = z.object({ accept_unknown_id_tags: z.boolean() });

export function tagPolicies(sql: Sql): TagPolicies {
  return {
    async acceptsUnknownTags(organizationId) {
      const rows = await sql.read("SELECT accept_unknown_id_tags FROM organizations WHERE id = $1::uuid", [
        organizationId,
      ]);
      return firstRow(policyRow, rows)?.accept_unknown_id_tags ?? null;
    },
  };
}
