import type { EffectBatch } from "./chargers.ts";

export const ROLES = ["viewer", "operator", "service", "owner", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface Organization {
  id: string;
  slug: string;
  name: string;
  rateLimit: number | null;
  rateLimitWindowSeconds: number | null;
  chargerLimit: number | null;
  openJobLimit: number | null;
  /** Whether id tags that nobody knows may charge. */
  acceptUnknownIdTags: boolean;
  /** Hosts that its chargers may fetch from and upload to, `*.example.com` for all below it; null: any public one. */
  transferHosts: string[] | null;
  /** Hosts that its simulated chargers may connect to, in the same spelling; null: any public one. */
  wsUrlHosts: string[] | null;
}

export interface ApiKey {
  id: string;
  name: string;
  role: Exclude<Role, "admin">;
  /** First 13 characters and `****`. */
  prefix: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface ApiKeyStore {
  /** The live key with this SHA-256 (hex) and its organisation, or null. */
  findByDigest(digest: string): Promise<{ key: ApiKey; organization: Organization } | null>;
  /** The live key with this id and its organisation, or null. */
  findById(id: string): Promise<{ key: ApiKey; organization: Organization } | null>;
  insert(
    organizationId: string,
    key: Omit<ApiKey, "createdAt" | "lastUsedAt">,
    digest: string,
    now: Date,
  ): Promise<ApiKey>;
  list(organizationId: string): Promise<ApiKey[]>;
  /** False when there was no live key of that id. */
  revoke(organizationId: string, id: string, now: Date): Promise<boolean>;
  touch(id: string, now: Date): Promise<void>;
}

/** Absent fields stay as they are. */
export type OrganizationChanges = Partial<
  Pick<Organization, "name" | "acceptUnknownIdTags" | "transferHosts" | "wsUrlHosts">
>;

export interface OrganizationStore {
  get(id: string): Promise<Organization | null>;
  /**
   * Null: no such organisation. `effects`: what its sessions have to be told, written by the same statement, in several
   * batches that can be drained side by side.
   */
  change(
    id: string,
    changes: OrganizationChanges,
    now: Date,
  ): Promise<{ organization: Organization; effects: EffectBatch[] } | null>;
}
