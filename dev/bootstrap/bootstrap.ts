import { createApiKeyMaterial } from "../../src/fleet/keys/api-key-material.ts";
import { systemIds, ulidOf } from "../../src/fleet/ids.ts";
import { isOrganizationSlug } from "../../src/fleet/slugs.ts";

export type Query = (text: string, params: unknown[]) => Promise<Record<string, unknown>[]>;

export const KEY_ROLES = ["viewer", "operator", "service", "owner"] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

export interface BootstrapRequest {
  query: Query;
  /** Name of the organisation when it is created. */
  name: string;
  slug: string;
  role: KeyRole;
  now: Date;
  /** Whether unknown id tags are accepted, when the organisation is created. */
  acceptsUnknownTags?: boolean;
}

export interface Bootstrapped {
  /** UUID: the value of X-Organization-Id. */
  organization: string;
  organization_slug: string;
  /** The key itself, which is stored nowhere: the database has its digest. */
  api_key: string;
  key_id: string;
}

// One statement inserts both or neither. The union finds an organisation that existed before.
const STATEMENT = `
WITH created AS (
  INSERT INTO organizations (id, slug, name, accept_unknown_id_tags, created_at)
  VALUES ($1::uuid, $2, $3, $9::boolean, $4::timestamptz)
  ON CONFLICT (slug) DO NOTHING RETURNING id
), organization AS (
  SELECT id FROM created UNION ALL SELECT id FROM organizations WHERE slug = $2 LIMIT 1
)
INSERT INTO api_keys (id, organization_id, name, role, prefix, digest, created_at)
SELECT $5, id, 'bootstrap', $6, $7, $8, $4::timestamptz FROM organization
RETURNING organization_id`;

/** Adds a key to the organisation of this slug, which is created when it is new. */
export async function ensureOrganization(request: BootstrapRequest): Promise<Bootstrapped> {
  const { query, name, slug, role, now, acceptsUnknownTags = false } = request;
  if (!isOrganizationSlug(slug)) throw new Error(`"${slug}" cannot be the slug of an organisation`);
  const material = await createApiKeyMaterial("live");
  const keyId = `key_${ulidOf(systemIds.uuid())}`;
  const key = [keyId, role, material.prefix, material.digest];
  const insert = () =>
    query(STATEMENT, [systemIds.uuid(), slug, name, now.toISOString(), ...key, acceptsUnknownTags]);
  // Another process may create the slug between the two reads of the statement. The second try finds it.
  const [row] = await insert();
  const organization = (row ?? (await insert())[0])?.["organization_id"];
  if (typeof organization !== "string") throw new Error("The database returned no organisation");
  return { organization, organization_slug: slug, api_key: material.key, key_id: keyId };
}
