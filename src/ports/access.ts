import type { EffectBatch } from "./effects.ts";

/** Roles of a user token or API key, from fewest to most rights. Only a JWT can carry `admin`. */
export const ROLES = ["viewer", "operator", "service", "owner", "admin"] as const;
/** One of `ROLES`. */
export type Role = (typeof ROLES)[number];

/** One tenant. Every row belongs to exactly one organisation. */
export interface Organization {
  id: string;
  slug: string;
  name: string;
  /** Requests per window; null: the default of the deployment. */
  rateLimit: number | null;
  /** Length of the window; null: the default of the deployment. */
  rateLimitWindowSeconds: number | null;
  /** Most chargers that are not deleted, FAILED ones included; null: the default of the deployment. */
  chargerLimit: number | null;
  /** Most batches that are not complete at the same time; null: the default of the deployment. */
  openJobLimit: number | null;
  /** Answer to an id tag that is not stored anywhere: true accepts it, false rejects it. */
  acceptUnknownIdTags: boolean;
  /**
   * Hosts of firmware downloads and diagnostics uploads; `*.example.com` allows all subdomains; null: any public
   * host.
   */
  transferHosts: string[] | null;
  /** Hosts of the `ws_url` of simulated chargers, in the same notation; null: any public host. */
  wsUrlHosts: string[] | null;
  /** Whether chargers of security profile 0, which show no credential, may be registered. */
  allowUnauthenticatedChargers: boolean;
  /** Group of the id tags that may stop any transaction (OCPP 2.x C16); null: none. */
  masterPassGroupId: string | null;
  /** How long stations may keep an answer about an id tag; null: as long as they like. */
  tagCacheSeconds: number | null;
  /** Seconds between the events of meter values of a transaction; 0: an event for each. */
  transactionUpdateSeconds: number;
}

/** An API key without its secret. */
export interface ApiKey {
  id: string;
  name: string;
  role: Exclude<Role, "admin">;
  /** First 13 characters of the key, followed by `****`. */
  prefix: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

/** Storage of API keys. Keys are stored as SHA-256 digests only. */
export interface ApiKeyStore {
  /** Finds a key that is not revoked by its SHA-256 (hex); null when there is none. */
  findByDigest(digest: string): Promise<{ key: ApiKey; organization: Organization } | null>;
  /** Finds a key that is not revoked by its id (`key_` and a ULID); null when there is none. */
  findById(id: string): Promise<{ key: ApiKey; organization: Organization } | null>;
  /** Stores a new key and returns it as stored. */
  insert(
    organizationId: string,
    key: Omit<ApiKey, "createdAt" | "lastUsedAt">,
    digest: string,
    now: Date,
  ): Promise<ApiKey>;
  /** Keys that are not revoked, newest first. */
  list(organizationId: string): Promise<ApiKey[]>;
  /** Revokes a key. False: no key of this organisation with this id, or it was revoked before. */
  revoke(organizationId: string, id: string, now: Date): Promise<boolean>;
  /** Sets `lastUsedAt` of a key to `now`. An older time does not replace a newer one. */
  touch(id: string, now: Date): Promise<void>;
}

/** Fields of an organisation that its owner may change. Absent: unchanged. */
export type OrganizationChanges = Partial<
  Pick<
    Organization,
    | "name"
    | "acceptUnknownIdTags"
    | "transferHosts"
    | "wsUrlHosts"
    | "allowUnauthenticatedChargers"
    | "masterPassGroupId"
    | "tagCacheSeconds"
    | "transactionUpdateSeconds"
  >
>;

/** Storage of organisations. */
export interface OrganizationStore {
  /** Null: no organisation with this id. */
  get(id: string): Promise<Organization | null>;
  /**
   * Changes an organisation; null: unknown id. The same statement writes an effect per charger whose session must
   * learn of the change; `effects` are the batches of those effects, which may run in parallel.
   */
  change(
    id: string,
    changes: OrganizationChanges,
    now: Date,
  ): Promise<{ organization: Organization; effects: EffectBatch[] } | null>;
}
