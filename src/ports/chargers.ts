import type { Organization } from "./access.ts";
import type {
  Charger,
  ChargerProvisioning,
  ConnectedCharger,
  ProvisioningStatus,
  RecordVersion,
  RegistrationStatus,
  SecurityProfile,
} from "./charger.ts";
import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";
import type { ProvisioningWork } from "./jobs.ts";
import type { Page, Paged } from "./paging.ts";
import type { SessionFactRow, StoredCredential, UnknownTagPolicy } from "./sessions.ts";

export interface RegisterCharger {
  id: string;
  identity: string;
  name: string | null;
  location: string | null;
  securityProfile: SecurityProfile;
  now: Date;
  /** Digests of its key; null for profiles without one. */
  credential?: StoredCredential | null;
}

/** Fields of a charger that may change; absent = unchanged, null = back to the default of create. */
export interface ChargerChanges {
  name?: string | null;
  connectorType?: string | null;
  ocppVersion?: RecordVersion;
  wsUrl?: string | null;
  locationId?: string;
  locationName?: string | null;
}

/** Chargers by id, by location, or those of the ids that are in the location; at most 1,000. */
export interface ChargerSelection {
  locationId: string | null;
  chargerIds: string[] | null;
}

/** The effects a change left behind; a run of this id drains them. Null when nothing is to be done. */
export interface EffectBatch {
  id: string;
  total: number;
}

export interface ChargersUpdated {
  /** By creation. Unchanged ones count as updated. */
  updated: Charger[];
  /** Chargers that cannot take the change: a socket URL on an external one. */
  invalid: string[];
  /** How many were selected; over 1,000 nothing was written. */
  selected: number;
  effects: EffectBatch | null;
}

/** What runs for a charger: its session, and the station that a host carries. */
export type ChargerRuntime = Pick<ProvisioningWork, "chargerId" | "identity" | "runtime" | "simulatorHost">;

/** A charger of which a session told, but which has no living row: it was deleted, or there is no row at all. */
export interface GoneCharger {
  chargerId: string;
  isDeleted: boolean;
}

export interface ChargersRemoved {
  gone: ChargerRuntime[];
  /** Jobs that lost an open charger: each may be complete now. */
  jobIds: string[];
  effects: EffectBatch | null;
}

export type RuntimeEvent = "start" | "stop" | "restart";

/** One effect with the present state of its charger; a deleted charger has `deleted`. */
export interface PendingEffect {
  seq: number;
  /** Of the charger's row when it was read. */
  revision: number;
  kind: "sync" | "restart";
  deleted: boolean;
  status: "PENDING" | "READY" | "FAILED";
  /** The run that was provisioning it, to be cancelled when deleted. */
  runId: string | null;
  work: ProvisioningWork;
}

export interface EffectStore {
  /** The effects of one slice, `[from, to)`, that are not done. */
  pending(batchId: string, from: number, to: number): Promise<PendingEffect[]>;
  /**
   * Forgets the effects whose rows still say what was carried out. One that changed meanwhile stays: what was carried out may have
   * come behind a newer effect. Returns how many were forgotten.
   */
  done(batchId: string, applied: PendingEffect[]): Promise<number>;
  /** Batches left over for a minute, their attempt raised. Called under the sweeper's lock. */
  leftOver(now: Date): Promise<Array<{ id: string; attempt: number; total: number }>>;
}

/** Null or absent: not asked for. */
export interface ChargerFilter {
  locationId: string | null;
  /** Of these, the ones that exist. */
  ids: string[] | null;
  status: ProvisioningStatus | null;
  identityPrefix: string | null;
  /** Connected, as the projection knows it. */
  online: boolean | null;
}

export interface ChargerStore {
  /** One statement that also writes the effects. @throws NotFound when the target location is unknown. */
  update(
    organizationId: string,
    selection: ChargerSelection,
    changes: ChargerChanges,
    defaults: { connectorTypes: Record<string, string> },
    batchId: string,
    now: Date,
  ): Promise<ChargersUpdated>;
  /** Marks the rows deleted and frees their identities; open ones fail with CANCELLED. */
  remove(
    organizationId: string,
    selection: ChargerSelection,
    batchId: string,
    now: Date,
  ): Promise<ChargersRemoved>;
  /** Null when there is no such charger; `charger.state` says why it cannot be started or stopped. */
  setRuntime(
    organizationId: string,
    id: string,
    event: RuntimeEvent,
    batchId: string,
    now: Date,
  ): Promise<{
    state: "done" | "notProvisioned" | "external";
    ocppVersion: RecordVersion | null;
    effects: EffectBatch | null;
  } | null>;
  /** Where a charger's session object is. */
  sessionRef(organizationId: string, id: string): Promise<{ identity: string; chargerId: string } | null>;
  /** By creation. */
  list(organizationId: string, filter: Partial<ChargerFilter>, page: Page): Promise<Paged<Charger>>;
  get(organizationId: string, id: string): Promise<Charger | null>;
  provisioning(organizationId: string, id: string): Promise<ChargerProvisioning | null>;
  /** @throws Conflict when the identity exists, Limited at the organisation's charger limit. */
  register(
    organization: Organization,
    charger: RegisterCharger,
    claim: IdempotencyClaim | null,
    record: RecordedResponse,
  ): Promise<Claimed<{ id: string; tagPolicy: UnknownTagPolicy }>>;
  /** Takes a registration back, with what its claim recorded; leaves an effect that withdraws the session. */
  unregister(
    organizationId: string,
    id: string,
    claim: IdempotencyClaim | null,
    batchId: string,
    now: Date,
  ): Promise<void>;
  findByIdentity(organizationId: string, identity: string): Promise<ConnectedCharger | null>;
  listConnected(
    organizationId: string,
    filter: { online: boolean | null },
    page: Page,
  ): Promise<Paged<ConnectedCharger>>;
  /** The answer to the next boot. Null when there is no such charger. */
  setRegistration(
    organizationId: string,
    identity: string,
    status: RegistrationStatus,
    now: Date,
  ): Promise<{ id: string } | null>;
  /**
   * Facts from a session's outbox; applied once per row, older generations and older times never win. Returns the chargers among
   * them that are gone.
   */
  applySessionFacts(rows: SessionFactRow[]): Promise<GoneCharger[]>;
}
