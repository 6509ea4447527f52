import { createHash } from "node:crypto";
import { neon, neonConfig } from "@neondatabase/serverless";
import { ensureOrganization } from "../bootstrap/bootstrap.ts";
import type { FirstOrganization, Secrets } from "./secrets.ts";

type Query = (text: string, params: unknown[]) => Promise<Record<string, unknown>[]>;

function queryOver(variables: Record<string, string>): Query {
  const endpoint = variables["NEON_FETCH_ENDPOINT"];
  if (endpoint) neonConfig.fetchEndpoint = endpoint;
  const sql = neon(variables["DATABASE_URL"] ?? "");
  return (text, params) => sql.query(text, params);
}

async function isLive(query: Query, apiKey: string): Promise<boolean> {
  const digest = createHash("sha256").update(apiKey).digest("hex");
  const rows = await query("SELECT 1 FROM api_keys WHERE digest = $1 AND revoked_at IS NULL", [digest]);
  return rows.length === 1;
}

/**
 * The organisation `demo` and its owner key. The key of the last start is kept if this database has it; otherwise a new one is
 * created (first start, or the data directory is now used with another database).
 */
export async function firstOrganization(
  variables: Record<string, string>,
  remembered: Secrets["organization"],
): Promise<FirstOrganization> {
  const query = queryOver(variables);
  if (remembered && (await isLive(query, remembered.api_key))) return remembered;
  const demo = { name: "Demo", slug: "demo", role: "owner", acceptsUnknownTags: true } as const;
  return ensureOrganization({ query, ...demo, now: new Date() });
}

/** The note shown at every start while the organisation accepts unknown id tags; null when it does not. */
export async function tagPolicyNote(
  variables: Record<string, string>,
  { organization, organization_slug: slug }: FirstOrganization,
): Promise<string | null> {
  const text = "SELECT 1 FROM organizations WHERE id = $1 AND accept_unknown_id_tags";
  const rows = await queryOver(variables)(text, [organization]);
  if (rows.length === 0) return null;
  return `Id tags that nobody knows may charge in the organisation ${slug};\nPATCH /api/v1/organization changes that.`;
}
