/**
 * What the core asks of the outside. `store/`, `cache/`, `durable/` and `workflows/` implement these; `wiring.ts`
 * is the one place that chooses. All times are Date or epoch ms, all ids UUIDs unless said otherwise.
 */
import type { ChargerCommand, CommandAnswer } from "./ocpp/commands.ts";
import type { CallOutcome } from "./ocpp/outcome.ts";
import type { OcppVersion } from "./ocpp/version.ts";

// ---- who asks ------------------------------------------------------------------------------------------------

export const ROLES = ["viewer", "operator", "service", "owner", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface Organization {
  id: string;
  slug: string;
  name: string;
  rateLimit: number | null;
  rateLimitWindowSeconds: number | null;
  chargerLimit: number | null;
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

export interface OrganizationStore {
  get(id: string): Promise<Organization | null>;
}

// ---- idempotency ---------------------------------------------------------------------------------------------

export interface IdempotencyClaim {
  method: string;
  path: string;
  key: string;
  /** SHA-256 (hex) over canonical JSON. */
  bodyHash: string;
}

/** An answer as it went out, byte for byte. */
export interface RecordedResponse {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** Result of a write that carries an idempotency claim: done now, or done before and only replayed. */
export type Claimed<T> = { kind: "done"; value: T } | { kind: "replayed"; response: RecordedResponse };

// ---- fleet ---------------------------------------------------------------------------------------------------

export interface Page {
  limit: number;
  offset: number;
}

export interface Paged<T> {
  rows: T[];
  total: number;
}

export interface Location {
  id: string;
  slug: string;
  name: string;
  address: string | null;
  city: string | null;
  country: string | null;
  coordinates: { latitude: number; longitude: number } | null;
  timezone: string | null;
  ownerName: string | null;
  fuseLimitA: number | null;
  public: boolean;
  status: string;
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

export type NewLocation = Omit<Location, "status" | "revision" | "createdAt" | "updatedAt">;

export interface LocationStore {
  /** @throws Conflict when the slug exists. `record` is what a repeat of the claimed request is answered. */
  create(
    organizationId: string,
    location: NewLocation,
    now: Date,
    claim: IdempotencyClaim | null,
    record: (location: Location) => RecordedResponse,
  ): Promise<Claimed<Location>>;
  get(organizationId: string, id: string): Promise<Location | null>;
  list(organizationId: string, page: Page): Promise<Paged<Location>>;
  /** Absent fields stay. Null when there is no such location. @throws Conflict when the slug exists. */
  update(organizationId: string, id: string, changes: LocationChanges, now: Date): Promise<Location | null>;
  /** "inUse" with the number of chargers that are left. */
  remove(organizationId: string, id: string): Promise<"removed" | "unknown" | { inUse: number }>;
}

export type LocationChanges = Partial<Omit<NewLocation, "id">>;

export type RecordVersion = "OCPP1.6" | "OCPP2.0.1" | "OCPP2.1";
export type Runtime = "simulated" | "external";
export type SecurityProfile = 0 | 1 | 2 | 3;
export type RegistrationStatus = "Accepted" | "Pending" | "Rejected";

export interface ItemError {
  code: string;
  message: string;
  retryable: boolean;
}

export interface Charger {
  id: string;
  identity: string;
  name: string | null;
  vendorName: string | null;
  model: string | null;
  imageUrl: string | null;
  ocppVersion: RecordVersion | null;
  numberOfConnectors: number | null;
  /** W */
  maxChargingPower: number | null;
  connectorType: string | null;
  /** Null only for chargers registered over /api/v1. */
  locationId: string | null;
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

export type ProvisioningStatus = "PENDING" | "PROVISIONING" | "READY" | "FAILED";

export interface ChargerProvisioning {
  chargerId: string;
  status: ProvisioningStatus;
  workflowRunId: string | null;
  error: ItemError | null;
  provisionedAt: Date | null;
}

/** Shared properties of the chargers of one group of a batch, catalog values filled in. */
export interface ChargerBlueprint {
  brandSlug: string;
  modelSlug: string;
  vendorName: string;
  model: string;
  imageUrl: string | null;
  ocppVersion: RecordVersion;
  numberOfConnectors: number | null;
  maxChargingPower: number | null;
  connectorType: string | null;
  wsUrl: string | null;
  runtime: Runtime;
  locationName: string | null;
}

export interface NewCharger {
  id: string;
  identity: string;
  name: string | null;
  /** Index into the blueprints of the request. */
  group: number;
  /** The identity ends in a random suffix and may be drawn again. */
  random: boolean;
}

export interface BatchAccept {
  jobId: string;
  organization: Organization;
  locationId: string;
  type: "location_chargers_create" | "charger_create";
  blueprints: ChargerBlueprint[];
  /** In request order; the index is the sequence number. */
  chargers: NewCharger[];
  now: Date;
  claim: IdempotencyClaim | null;
  /** Recorded for a repeat: the answer once the run is published, and the answer when no run is needed. */
  recordPublished: RecordedResponse;
  recordUnpublished: RecordedResponse;
}

export interface BatchAccepted {
  /** Chargers stored and waiting for provisioning. */
  open: number;
  /** Random identities that exist already: draw again with `redraw`. */
  clashes: number[];
}

export interface JobProgress {
  total: number;
  created: number;
  failed: number;
  pending: number;
}

export interface JobFailure {
  seq: number;
  identity: string;
  chargerId: string | null;
  error: ItemError;
}

export interface Job {
  id: string;
  type: string;
  status: ProvisioningStatus;
  workflowRunId: string | null;
  error: ItemError | null;
  provisionedAt: Date | null;
  progress: JobProgress;
  /** Null until the job is terminal. */
  results: { created: Charger[]; failed: JobFailure[] } | null;
}

/** What a provisioning step needs to know of its charger. */
export interface ProvisioningWork {
  chargerId: string;
  /** Null: registered over /api/v1. */
  jobId: string | null;
  organizationId: string;
  organizationSlug: string;
  identity: string;
  createdAt: Date;
  ocppVersion: RecordVersion | null;
  numberOfConnectors: number | null;
  maxChargingPower: number | null;
  vendorName: string | null;
  model: string | null;
  wsUrl: string | null;
  runtime: Runtime;
  securityProfile: SecurityProfile;
  simulatorHost: string | null;
  desiredCount: number;
}

export interface StuckJob {
  id: string;
  organizationId: string;
  type: string;
  total: number;
  attempt: number;
  /** republish: never seen by the engine, same run id. retry: `attempt` was raised, new run id. giveUp: failed now. */
  action: "republish" | "retry" | "giveUp";
}

export interface JobStore {
  /** One statement: idempotency claim, job, chargers, rejections. @throws NotFound, Conflict (single create only), IdempotencyMismatch, IdempotencyInFlight */
  accept(batch: BatchAccept): Promise<Claimed<BatchAccepted>>;
  /** What a request with this claim would be answered before anything else; null: its key is free. @throws IdempotencyMismatch, IdempotencyInFlight */
  recorded(organizationId: string, claim: IdempotencyClaim, now: Date): Promise<RecordedResponse | null>;
  /** Second statement for random identities that clashed: new identities for the given sequence numbers. Returns those that clash again. */
  redraw(batch: BatchAccept, chargers: Array<NewCharger & { seq: number }>): Promise<number[]>;
  /** The publish failed: run id null again, also in the recorded answer. */
  markUnpublished(batch: BatchAccept): Promise<void>;
  /** Moves the job to PROVISIONING and lists the open chargers of one slice, `[from, to)`. */
  openSlice(
    jobId: string,
    from: number,
    to: number,
  ): Promise<Array<{ chargerId: string; seq: number; organizationId: string }>>;
  /** Null when the charger is settled, deleted, or of another job. */
  work(jobId: string, chargerId: string): Promise<ProvisioningWork | null>;
  /** PENDING → READY. `last` says that the job may be complete: call `close`. False when the charger was settled already. */
  succeed(jobId: string, chargerId: string, now: Date): Promise<{ moved: boolean; maybeLast: boolean }>;
  fail(
    jobId: string,
    chargerId: string,
    error: ItemError,
    now: Date,
  ): Promise<{ moved: boolean; maybeLast: boolean }>;
  /** Closes the job if nothing of it is open. Must run after the commit of the charger's own change. */
  close(jobId: string, now: Date): Promise<boolean>;
  /** The row was deleted (or replaced) while it was being provisioned. */
  isGone(chargerId: string): Promise<boolean>;
  /** Fails what is open. A job of which nothing ever succeeded or failed was never run: the job itself is FAILED then. */
  giveUp(jobId: string, errors: { neverStarted: ItemError; unfinished: ItemError }, now: Date): Promise<void>;
  get(organizationId: string, locationId: string, jobId: string): Promise<Job | null>;
  /** One pass of the sweeper over all organisations: closes what is complete, returns what must be published again. Null: another pass has the lock. */
  sweep(now: Date): Promise<StuckJob[] | null>;
}

export interface RegisterCharger {
  id: string;
  identity: string;
  name: string | null;
  location: string | null;
  securityProfile: SecurityProfile;
  now: Date;
}

export interface ConnectorState {
  evseId: number;
  connectorId: number;
  /** OCPP 1.6 vocabulary. */
  status: string;
  errorCode: string;
  updatedAt: Date;
}

/** A charger with the projection of its connection. */
export interface ConnectedCharger {
  id: string;
  identity: string;
  name: string | null;
  location: string | null;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  registeredAt: Date;
  online: boolean;
  ocppVersion: OcppVersion | null;
  vendor: string | null;
  model: string | null;
  serialNumber: string | null;
  firmwareVersion: string | null;
  lastMessageAt: Date | null;
  connectors: ConnectorState[];
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

export interface ChargersRemoved {
  ids: string[];
  /** Jobs that lost an open charger: each may be complete now. */
  jobIds: string[];
  effects: EffectBatch | null;
}

export type RuntimeEvent = "start" | "stop" | "restart";

/** One effect with the present state of its charger; a deleted charger has `deleted`. */
export interface PendingEffect {
  seq: number;
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
  done(batchId: string, seqs: number[]): Promise<void>;
  /** Batches left over for a minute, their attempt raised. Called under the sweeper's lock. */
  leftOver(now: Date): Promise<Array<{ id: string; attempt: number; total: number }>>;
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
  /** By creation. Of `ids`, those that exist and pass the other filter; null: all of them. */
  list(
    organizationId: string,
    filter: { locationId: string | null; ids: string[] | null },
    page: Page,
  ): Promise<Paged<Charger>>;
  get(organizationId: string, id: string): Promise<Charger | null>;
  provisioning(organizationId: string, id: string): Promise<ChargerProvisioning | null>;
  /** @throws Conflict when the identity exists, Limited at the organisation's charger limit. */
  register(
    organization: Organization,
    charger: RegisterCharger,
    claim: IdempotencyClaim | null,
    record: RecordedResponse,
  ): Promise<Claimed<{ id: string }>>;
  findByIdentity(organizationId: string, identity: string): Promise<ConnectedCharger | null>;
  listConnected(
    organizationId: string,
    filter: { online: boolean | null },
    page: Page,
  ): Promise<Paged<ConnectedCharger>>;
  /** Facts from a session's outbox; applied once per row, older generations and older times never win. */
  applySessionFacts(rows: SessionFactRow[]): Promise<void>;
}

// ---- sessions ------------------------------------------------------------------------------------------------

/** The object's name is `<organizationSlug>/<identity>`; a given charger id must match the one it was provisioned for. */
export interface SessionRef {
  organizationSlug: string;
  identity: string;
  chargerId?: string;
}

export interface SessionProvision {
  chargerId: string;
  organizationId: string;
  /** Creation time of the charger row: a newer charger wipes what an older one left, an older one does nothing. */
  createdAtMs: number;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  /** Installed unless a credential exists; null for profiles without one. Plain text on this hop only. */
  authorizationKey: string | null;
}

export interface SessionSnapshot {
  chargerId: string;
  organizationId: string;
  online: boolean;
  version: OcppVersion | null;
  generation: number;
  securityProfile: SecurityProfile;
  registrationStatus: RegistrationStatus;
  vendor: string | null;
  model: string | null;
  serialNumber: string | null;
  firmwareVersion: string | null;
  connectedAtMs: number | null;
  lastMessageAtMs: number | null;
  connectors: Array<Omit<ConnectorState, "updatedAt"> & { updatedAtMs: number }>;
}

/** What became of a command: the station's answer in neutral words, or why there is none. */
export type CommandOutcome =
  | { kind: "answered"; answer: CommandAnswer; version: OcppVersion }
  | Exclude<CallOutcome, { kind: "answered" }>;

export type RotationStatus =
  | "accepted"
  | "reboot_required"
  | "rejected"
  | "not_supported"
  | "stored"
  | "unknown";

export interface FrameQuery {
  startMs: number | null;
  endMs: number | null;
  /** OCPP action, compared without case. */
  action: string | null;
  limit: number;
  offset: number;
}

export interface FrameRow {
  direction: "cp_to_csms" | "csms_to_cp";
  action: string | null;
  message: string;
  atMs: number;
}

export interface Sessions {
  provision(ref: SessionRef, input: SessionProvision): Promise<{ created: boolean }>;
  command(ref: SessionRef, command: ChargerCommand, timeoutMs: number): Promise<CommandOutcome>;
  /** Null when the object was never provisioned (or for another charger id). */
  snapshot(ref: SessionRef): Promise<SessionSnapshot | null>;
  /** Sends the new key to a connected station, or stores it for its next login; null when not provisioned. */
  rotateAuthorizationKey(ref: SessionRef, newKey: string): Promise<RotationStatus | null>;
  /** Newest first; null when not provisioned. */
  frames(ref: SessionRef, query: FrameQuery): Promise<{ rows: FrameRow[]; total: number } | null>;
  /** The charger is gone or failed: closes its socket (4004), flushes the outbox, wipes the object. Idempotent. */
  retire(ref: SessionRef & { chargerId: string }): Promise<void>;
}

/** One row of a session's outbox on its way to Postgres. `at` is the station-independent receive time. */
export type SessionFact =
  | { type: "connection"; online: boolean; ocppVersion: OcppVersion | null }
  | {
      type: "boot";
      vendor: string;
      model: string;
      serialNumber: string | null;
      firmwareVersion: string | null;
    }
  | { type: "connector"; evseId: number; connectorId: number; status: string; errorCode: string }
  | { type: "seen" };

export interface SessionFactRow {
  chargerId: string;
  generation: number;
  atMs: number;
  fact: SessionFact;
}

// ---- simulators ----------------------------------------------------------------------------------------------

export interface SimulatedStation {
  chargerId: string;
  organizationId: string;
  organizationSlug: string;
  identity: string;
  createdAtMs: number;
  version: OcppVersion;
  connectors: number;
  vendor: string;
  model: string;
  /** W */
  maxPowerW: number;
  /** Null: this deployment's own socket. */
  wsUrl: string | null;
  securityProfile: SecurityProfile;
}

export type StartOutcome =
  | { kind: "accepted" }
  /** Not accepted within the wait; the host keeps trying, ask again. */
  | { kind: "waiting" }
  | { kind: "failed"; error: ItemError };

export interface Simulators {
  /** Idempotent: provisions the session, starts the station and waits at most `waitMs` for its accepted boot. */
  start(hostName: string, station: SimulatedStation, waitMs: number): Promise<StartOutcome>;
  /**
   * Brings a known station to what the record says: running or stopped, with this configuration. A new restart token
   * makes it reboot once. A station the host does not know is taken over only when it should run.
   */
  reconcile(
    hostName: string,
    station: SimulatedStation,
    desired: { running: boolean; restartToken: string | null },
  ): Promise<void>;
  /** Forgets the station. Idempotent. */
  remove(hostName: string, chargerId: string): Promise<void>;
}

// ---- runs, counters, time ------------------------------------------------------------------------------------

export interface RunPublisher {
  applyEffects(batch: { id: string; total: number; attempt: number }): Promise<void>;
  /** Run ids with their prefix. Best effort: a run that escapes finds its charger gone. */
  cancel(runIds: string[]): Promise<void>;
  /** Deterministic ids: publishing the same run twice starts one. */
  dispatch(job: { id: string; total: number; attempt: number }): Promise<void>;
  provision(
    job: { id: string; organizationId: string; attempt: number },
    chargers: Array<{ chargerId: string; seq: number }>,
  ): Promise<void>;
}

export interface RateCounter {
  /** Adds `count` to the shared window of `key` and returns the total used in it. Null when the counter cannot be reached. */
  add(
    key: string,
    count: number,
    limit: number,
    windowSeconds: number,
  ): Promise<{ used: number; resetAtMs: number } | null>;
}

/** Single-use marks with an expiry: replay protection of the step endpoints. */
export interface ReplayMarks {
  /** "new" when this call set it to started; null when the marks cannot be reached. */
  begin(id: string, ttlSeconds: number): Promise<"new" | "started" | "done" | null>;
  finish(id: string): void;
  forget(id: string): Promise<void>;
}

export interface Ids {
  /** UUIDv7, growing within one isolate. */
  uuid(): string;
  /** Lower-case hex, `bytes` random bytes. */
  hex(bytes: number): string;
}

export interface Clock {
  now(): Date;
}

/** Ends with the request, but may outlive its answer. */
export type Background = (work: Promise<unknown>) => void;

export interface Ports {
  organizations: OrganizationStore;
  apiKeys: ApiKeyStore;
  locations: LocationStore;
  chargers: ChargerStore;
  jobs: JobStore;
  effects: EffectStore;
  sessions: Sessions;
  simulators: Simulators;
  runs: RunPublisher;
  rateCounter: RateCounter;
  replayMarks: ReplayMarks;
  ids: Ids;
  clock: Clock;
  /** Each dependency answers within a second, or its name is listed. */
  probe(): Promise<Record<string, "ok" | "unreachable">>;
}
