import { openSql } from "../harness/sql.ts";
import { world } from "./world.ts";

const COUNTS = ["locations", "chargers", "jobs", "api_keys", "idempotency_keys"]
  .map((table) => `(SELECT count(*)::int FROM ${table} WHERE organization_id = $1::uuid) AS ${table}`)
  .join(", ");

// What provisioning or an import changes in the background is nothing that a request wrote.
const CONTENT = `(SELECT md5(coalesce(string_agg(l::text, ',' ORDER BY l.id), '')) FROM locations l
    WHERE organization_id = $1::uuid) AS location_content,
  (SELECT md5(coalesce(string_agg(concat_ws(',', id, name, location_id, location_name, ws_url, ocpp_version,
    connector_type, desired_count, deleted_at), ';' ORDER BY id), '')) FROM chargers
    WHERE organization_id = $1::uuid) AS charger_content,
  (SELECT md5(coalesce(string_agg(concat_ws(',', s.charger_id, s.revision, s.desired), ';' ORDER BY s.charger_id), ''))
    FROM charger_settings s JOIN chargers c ON c.id = s.charger_id WHERE c.organization_id = $1::uuid) AS settings_content,
  (SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t.id), '')) FROM id_tags t
    WHERE organization_id = $1::uuid AND source = 'api') AS tag_content,
  (SELECT md5(coalesce(string_agg(concat_ws(',', id, url, events, vendor_ids, active, secret, replay_before IS NULL), ';' ORDER BY id), ''))
    FROM webhooks WHERE organization_id = $1::uuid) AS webhook_content,
  (SELECT count(*)::int FROM api_keys WHERE organization_id = $1::uuid AND revoked_at IS NOT NULL) AS revoked`;

/** What requests can have written in an organisation: numbers of rows and digests of their content. */
export async function tenantRows(organization: string): Promise<Record<string, unknown>> {
  const [row] = await openSql(world.sqlUrl)(`SELECT ${COUNTS}, ${CONTENT}`, [organization]);
  if (!row) throw new Error("the database answered nothing");
  return row;
}
