import { z } from "zod";
import type { Organization, OrganizationStore } from "../ports.ts";
import { firstRow, isUuid } from "./rows.ts";
import type { Sql } from "./sql.ts";

export const organizationRow = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    rate_limit: z.number().nullable(),
    rate_limit_window_seconds: z.number().nullable(),
    charger_limit: z.number().nullable(),
    transfer_hosts: z.array(z.string()).nullable(),
    ws_url_hosts: z.array(z.string()).nullable(),
  })
  .transform((row): Organization => ({
    id: row.id,
    slug: row.slug,
    name: row.name,
    rateLimit: row.rate_limit,
    rateLimitWindowSeconds: row.rate_limit_window_seconds,
    chargerLimit: row.charger_limit,
    transferHosts: row.transfer_hosts,
    wsUrlHosts: row.ws_url_hosts,
  }));

export const ORGANIZATION_COLUMNS =
  "o.id, o.slug, o.name, o.rate_limit, o.rate_limit_window_seconds, o.charger_limit, o.transfer_hosts, o.ws_url_hosts";

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
  };
}
