import type { OcppVersion } from "../ocpp/version.ts";
import type { Organization } from "./access.ts";
import type {
  Charger,
  ChargerProvisioning,
  ConnectedCharger,
  ProvisioningStatus,
  ProvisioningWork,
  RecordVersion,
  RegistrationStatus,
  Runtime,
  SecurityProfile,
  UnknownTagPolicy,
} from "./charger.ts";
import type { StoredCredential } from "./credential.ts";
import type { EffectBatch } from "./effects.ts";
import type { StoredEvent } from "./events.ts";
import type { Claimed, IdempotencyClaim, RecordedResponse } from "./idempotency.ts";
import type { Page, Paged } from "./paging.ts";
import type { SessionFactRow } from "./sessions.ts";

/** A charger registered over `/api/v1`: external and READY at once. */
export interface RegisterCharger {
  id: string;
  identity: string;
  name: string | null;
  location: string | null;
  securityProfile: SecurityProfile;
  now: Date;
  /** Digests of the authorization key; null: a security profile without a key. */
  credential?: StoredCredential | null;
}

/** Fields of a charger that may change. Absent: unchanged; null: the default that create would set. */
export interface ChargerChanges {
  name?: string | null;
  connectorType?: string | null;
  ocppVersion?: RecordVersion;
  wsUrl?: string | null;
  locationId?: string;
  locationName?: string | null;
}

/**
 * Which chargers a change concerns: those with one of the ids, those in the location, or, with both set, those that
 * match both. At most 1,000.
 */
export interface ChargerSelection {
  locationId: string | null;
  chargerIds: string[] | null;
}

/** What a command reads of a charger. */
export interface CommandTarget {
  chargerId: string;
  identity: string;
  runtime: Runtime;
  status: ProvisioningStatus;
  /** Of an external charger: of its last connection; null: it never connected. */
  version: OcppVersion | null;
  /** Null: not known. */
  connectors: number | null;
  /** Name of the host of a simulated station; null: external. */
  simulatorHost: string | null;
  /** Whether a simulated station should run. */
  isRunning: boolean;
}

/** Result of `ChargerStore.commandTargets`. */
export interface CommandTargets {
  /** False: the location does not exist. */
  isLocationKnown: boolean;
  /** Oldest first; at most 1,001. */
  targets: CommandTarget[];
}

/** Result of `ChargerStore.update`. */
export interface ChargersUpdated {
  /** Selected chargers after the change, oldest first, also those that had the values already. */
  updated: Charger[];
  /** Ids of chargers that cannot take the change: `wsUrl` was set on an external charger. */
  invalid: string[];
  /** Number of selected chargers; above 1,000 nothing was written. */
  selected: number;
  effects: EffectBatch | null;
}

/** The objects of a charger: identity names its session, `simulatorHost` the host of a simulated station. */
export type ChargerRuntime = Pick<ProvisioningWork, "chargerId" | "identity" | "runtime" | "simulatorHost">;

/** A charger that a session wrote facts of and that has no row (`isDeleted` false) or a deleted row (true). */
export interface GoneCharger {
  chargerId: string;
  isDeleted: boolean;
}

/** Result of `ChargerStore.remove`. */
export interface ChargersRemoved {
  /** Chargers that this call deleted. */
  gone: ChargerRuntime[];
  /** Jobs of which an open charger was deleted. Each may be complete now: call `JobStore.close`. */
  jobIds: string[];
  effects: EffectBatch | null;
}

/** Requested change of a simulated station's run state. */
export type RuntimeEvent = "start" | "stop" | "restart";

/** Conditions on chargers, combined with AND. Null or absent: no condition. */
export interface ChargerFilter {
  locationId: string | null;
  /** Only chargers with one of these ids; ids that do not exist are ignored. */
  ids: string[] | null;
  status: ProvisioningStatus | null;
  identityPrefix: string | null;
  /** Whether the station is connected, by the last flush of its session. */
  online: boolean | null;
}

/** Storage of chargers. */
export interface ChargerStore {
  /**
   * Changes all selected chargers and writes their effects in one statement. @throws NotFound: the target location is
   * unknown
   */
  update(
    organizationId: string,
    selection: ChargerSelection,
    changes: ChargerChanges,
    defaults: { connectorTypes: Record<string, string> },
    batchId: string,
    now: Date,
  ): Promise<ChargersUpdated>;
  /**
   * Marks the selected chargers deleted, which frees their identities. PENDING ones become FAILED with code
   * CANCELLED.
   */
  remove(
    organizationId: string,
    selection: ChargerSelection,
    batchId: string,
    now: Date,
  ): Promise<ChargersRemoved>;
  /**
   * Starts, stops or restarts a simulated station. Null: no such charger. `state` other than "done": nothing was
   * changed, because it is not READY or is external.
   */
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
  /** The selected chargers as targets of a command, read in one statement. */
  commandTargets(organizationId: string, selection: ChargerSelection): Promise<CommandTargets>;
  /** Identity of a charger, which names its session; null: no such charger. */
  sessionRef(organizationId: string, id: string): Promise<{ identity: string; chargerId: string } | null>;
  /** One page of chargers, oldest first, and the total number that match. */
  list(organizationId: string, filter: Partial<ChargerFilter>, page: Page): Promise<Paged<Charger>>;
  /** Null: no such charger. */
  get(organizationId: string, id: string): Promise<Charger | null>;
  /** Null: no such charger. */
  provisioning(organizationId: string, id: string): Promise<ChargerProvisioning | null>;
  /**
   * Stores a registered charger and the recorded answer of its claim. A FAILED charger of the same identity is
   * replaced. @throws Conflict: the identity exists. LimitReached: the organisation's charger limit.
   * IdempotencyMismatch, IdempotencyInFlight
   */
  register(
    organization: Organization,
    charger: RegisterCharger,
    claim: IdempotencyClaim | null,
    record: RecordedResponse,
  ): Promise<Claimed<{ id: string; tagPolicy: UnknownTagPolicy }>>;
  /**
   * Undoes `register`: deletes the charger and the recorded answer, and writes an effect that ends the session.
   * Idempotent.
   */
  unregister(
    organizationId: string,
    id: string,
    claim: IdempotencyClaim | null,
    batchId: string,
    now: Date,
  ): Promise<void>;
  /** Null: no charger of this identity. */
  findByIdentity(organizationId: string, identity: string): Promise<ConnectedCharger | null>;
  /** One page, newest first, and the total number that match. */
  listConnected(
    organizationId: string,
    filter: { online: boolean | null },
    page: Page,
  ): Promise<Paged<ConnectedCharger>>;
  /** Stores the status that the next BootNotification is answered with. Null: no such charger. */
  setRegistration(
    organizationId: string,
    identity: string,
    status: RegistrationStatus,
    now: Date,
  ): Promise<{ id: string } | null>;
  /**
   * Applies facts of session outboxes. Idempotent; a fact of an older generation or an older time never replaces a
   * newer one. Returns the chargers whose facts were dropped because they have no row or a deleted one. `onEvents` gets the events
   * that were stored with the facts, statement by statement; those of a statement whose answer is lost it does not get.
   */
  applySessionFacts(
    rows: SessionFactRow[],
    onEvents?: (events: StoredEvent[]) => void,
  ): Promise<GoneCharger[]>;
}
