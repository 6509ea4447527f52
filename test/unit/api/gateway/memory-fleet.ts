import {
  Conflict,
  IdempotencyInFlight,
  IdempotencyMismatch,
  NotFound,
  Unavailable,
} from "../../../../src/errors.ts";
import { systemIds } from "../../../../src/fleet/ids.ts";
import type {
  BatchAccept,
  Charger,
  ChargerFilter,
  ChargerProvisioning,
  ChargerStore,
  IdempotencyClaim,
  Job,
  JobStore,
  Location,
  LocationStore,
  Organization,
  Paged,
  Page,
  Ports,
  RecordedResponse,
  RunPublisher,
  EffectBatch,
  FrameQuery,
  FrameRow,
  SessionRef,
  Sessions,
} from "../../../../src/ports.ts";
import {
  type ChargerSettings,
  memoryChanges,
  memoryFrames,
  memoryLocationChanges,
  memoryRecorded,
} from "./memory-changes.ts";

type Owned<T> = T & { organizationId: string };
type StoredClaim = IdempotencyClaim & { organizationId: string; response: RecordedResponse | null };

/** The ports the gateway's foundation uses, in memory: same outcomes as the real stores, none of their races. */
export class MemoryFleet {
  readonly organizations = new Map<string, Organization>();
  readonly locations = new Map<string, Owned<Location>>();
  readonly chargers = new Map<string, Owned<Charger>>();
  readonly provisionings = new Map<string, ChargerProvisioning>();
  readonly jobs = new Map<string, Owned<Job> & { locationId: string }>();
  readonly claims: StoredClaim[] = [];
  readonly published: string[] = [];
  readonly settings = new Map<string, ChargerSettings>();
  readonly frames = new Map<string, FrameRow[]>();
  readonly frameQueries: Array<{ ref: SessionRef; query: FrameQuery }> = [];
  /** Batches of effects that were handed to the engine. */
  readonly effects: EffectBatch[] = [];
  now = new Date("2026-04-02T09:15:00.000Z");
  isEngineDown = false;
  isDatabaseDown = false;

  addOrganization(): Organization {
    const id = systemIds.uuid();
    const slug = `org-${id.slice(-8)}`;
    const organization = {
      id,
      slug,
      name: slug,
      rateLimit: null,
      rateLimitWindowSeconds: null,
      chargerLimit: null,
      openJobLimit: null,
      acceptUnknownIdTags: true,
      transferHosts: null,
      wsUrlHosts: null,
      allowUnauthenticatedChargers: true,
      masterPassGroupId: null,
      tagCacheSeconds: null,
      transactionUpdateSeconds: 60,
    };
    this.organizations.set(id, organization);
    return organization;
  }

  ports(): Ports {
    const ports: Pick<
      Ports,
      | "organizations"
      | "locations"
      | "chargers"
      | "jobs"
      | "sessions"
      | "runs"
      | "ids"
      | "clock"
      | "rateCounter"
    > = {
      organizations: { get: async (id) => this.organizations.get(id) ?? null, change: async () => null },
      locations: partly<LocationStore>({ ...this.#locationStore(), ...memoryLocationChanges(this) }),
      chargers: partly<ChargerStore>({ ...this.#chargerStore(), ...memoryChanges(this) }),
      jobs: partly<JobStore>({ ...this.#jobStore(), ...memoryRecorded(this) }),
      sessions: partly<Sessions>(memoryFrames(this)),
      runs: partly<RunPublisher>({
        dispatch: ({ id }) => this.#publish(`wfr_${id}`),
        provision: ({ id }) => this.#publish(`wfr_${id}-0`),
        applyEffects: async ({ id, total }) => void this.effects.push({ id, total }),
      }),
      rateCounter: { add: async (_key, used) => ({ used, resetAtMs: this.now.getTime() + 60_000 }) },
      ids: systemIds,
      clock: { now: () => this.now },
    };
    return partly<Ports>(ports);
  }

  /** In order of creation. */
  chargersOf(
    organizationId: string,
    { locationId = null, ids = null, identityPrefix = null, status = null }: Partial<ChargerFilter>,
  ): Charger[] {
    this.#reach();
    for (const id of ids ?? []) assertUuid(id);
    return owned(this.chargers, organizationId).filter(
      (row) =>
        (locationId === null || row.locationId === locationId) &&
        (ids === null || ids.includes(row.id)) &&
        (identityPrefix === null || row.identity.startsWith(identityPrefix)) &&
        (status === null || this.provisionings.get(row.id)?.status === status),
    );
  }

  settingsOf(chargerId: string): ChargerSettings {
    const settings = this.settings.get(chargerId);
    if (!settings) throw new Error(`no settings of ${chargerId}`);
    return settings;
  }

  setReady(chargerId: string): void {
    const provisioning = this.provisionings.get(chargerId);
    if (provisioning) this.provisionings.set(chargerId, { ...provisioning, status: "READY" });
  }

  recordedFor(organizationId: string, claim: IdempotencyClaim): RecordedResponse | null {
    return this.#claim(organizationId, claim);
  }

  async #publish(runId: string): Promise<void> {
    if (this.isEngineDown) throw new Unavailable("engine");
    this.published.push(runId);
  }

  #locationStore(): Pick<LocationStore, "create" | "get" | "list"> {
    return {
      create: async (organizationId, place, now, claim, record) => {
        const replayed = this.#claim(organizationId, claim);
        if (replayed) return { kind: "replayed", response: replayed };
        if (owned(this.locations, organizationId).some(({ slug }) => slug === place.slug))
          throw new Conflict("Location slug already exists");
        const location = { ...place, status: "active", revision: 1, createdAt: now, updatedAt: now };
        this.locations.set(place.id, { ...location, organizationId });
        if (claim) this.claims.push({ ...claim, organizationId, response: record(location) });
        return { kind: "done", value: location };
      },
      get: async (organizationId, id) => this.#read(this.locations, organizationId, id),
      list: async (organizationId, page) => paged(owned(this.locations, organizationId), page),
    };
  }

  #chargerStore(): Pick<ChargerStore, "list" | "get" | "provisioning"> {
    return {
      list: async (organizationId, filter, page) => paged(this.chargersOf(organizationId, filter), page),
      get: async (organizationId, id) => this.#read(this.chargers, organizationId, id),
      provisioning: async (organizationId, id) =>
        this.#read(this.chargers, organizationId, id) ? (this.provisionings.get(id) ?? null) : null,
    };
  }

  #jobStore(): Pick<JobStore, "accept" | "get" | "poll" | "markUnpublished"> {
    const get: JobStore["get"] = async (organizationId, locationId, id) => {
      const job = this.#read(this.jobs, organizationId, id);
      if (job?.locationId !== locationId) return null;
      const revision = job.results?.created.reduce((sum, charger) => sum + charger.revision, 0) ?? null;
      return { ...job, revision };
    };
    return {
      get,
      poll: ({ organizationId, locationId, jobId }) => get(organizationId, locationId, jobId),
      accept: async (batch) => this.#accept(batch),
      markUnpublished: async ({ claim, recordUnpublished }) => {
        const stored = this.claims.find((other) => other.key === claim?.key);
        if (stored) stored.response = recordUnpublished;
      },
    };
  }

  #accept(batch: BatchAccept): Awaited<ReturnType<JobStore["accept"]>> {
    const organizationId = batch.organization.id;
    const replayed = this.#claim(organizationId, batch.claim);
    if (replayed) return { kind: "replayed", response: replayed };
    if (!this.#read(this.locations, organizationId, batch.locationId))
      throw new NotFound("Location", batch.locationId);
    const taken = new Set(owned(this.chargers, organizationId).map(({ identity }) => identity));
    const fresh = batch.chargers.filter(({ identity }) => !taken.has(identity));
    if (batch.type === "charger_create" && fresh.length === 0)
      throw new Conflict(`Charger identity '${batch.chargers[0]?.identity}' already exists`);
    for (const charger of fresh) this.#store(batch, charger);
    const total = batch.chargers.length;
    const failed = total - fresh.length;
    this.jobs.set(batch.jobId, {
      ...newJob(batch.jobId, total, failed),
      organizationId,
      locationId: batch.locationId,
    });
    if (batch.claim) this.claims.push({ ...batch.claim, organizationId, response: batch.recordPublished });
    return { kind: "done", value: { open: fresh.length, clashes: [] } };
  }

  #store(batch: BatchAccept, { id, identity, name, group }: BatchAccept["chargers"][number]): void {
    const blueprint = batch.blueprints[group];
    if (!blueprint) throw new Error(`no blueprint for group ${group}`);
    const { vendorName, model, imageUrl, ocppVersion, numberOfConnectors, maxChargingPower, connectorType } =
      blueprint;
    const known = {
      vendorName,
      model,
      imageUrl,
      ocppVersion,
      numberOfConnectors,
      maxChargingPower,
      connectorType,
    };
    const times = { createdAt: batch.now, updatedAt: batch.now };
    const row = { id, identity, name, ...known, locationId: batch.locationId, revision: 1, ...times };
    this.chargers.set(id, { ...row, organizationId: batch.organization.id });
    const { runtime, wsUrl, locationName, brandSlug, modelSlug } = blueprint;
    const settings = { runtime, wsUrl, locationName, desiredCount: 1, model: `${brandSlug}/${modelSlug}` };
    this.settings.set(id, settings);
    this.provisionings.set(id, {
      chargerId: id,
      status: "PENDING",
      workflowRunId: null,
      error: null,
      provisionedAt: null,
    });
  }

  #claim(organizationId: string, claim: IdempotencyClaim | null): RecordedResponse | null {
    this.#reach();
    const isSame = (other: StoredClaim) =>
      other.organizationId === organizationId &&
      other.key === claim?.key &&
      other.path === claim.path &&
      other.method === claim.method;
    const known = this.claims.find(isSame);
    if (!claim || !known) return null;
    if (known.bodyHash !== claim.bodyHash) throw new IdempotencyMismatch("other body");
    if (known.response === null) throw new IdempotencyInFlight("running");
    return known.response;
  }

  #read<T>(rows: Map<string, Owned<T>>, organizationId: string, id: string): Owned<T> | null {
    this.#reach();
    assertUuid(id);
    const row = rows.get(id);
    return row?.organizationId === organizationId ? row : null;
  }

  #reach(): void {
    if (this.isDatabaseDown) throw new Unavailable("database at db.internal:5432 is down");
  }
}

/** As Postgres would. */
function assertUuid(id: string): void {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`invalid input syntax for type uuid: "${id}"`);
}

function newJob(id: string, total: number, failed: number): Job {
  const progress = { total, created: 0, failed, pending: total - failed };
  const type = "location_chargers_create";
  return {
    id,
    type,
    status: "PENDING",
    workflowRunId: null,
    error: null,
    provisionedAt: null,
    progress,
    revision: null,
    results: null,
  };
}

function owned<T extends { organizationId: string }>(rows: Map<string, T>, organizationId: string): T[] {
  return [...rows.values()].filter((row) => row.organizationId === organizationId);
}

function paged<T>(rows: T[], { limit, offset }: Page): Paged<T> {
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}

/** A port of which a test uses only some methods; any other is an error that names itself. */
function partly<T extends object>(some: Partial<T>): T {
  return new Proxy(some, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name);
      throw new Error(`not in memory: ${String(name)}`);
    },
  }) as T;
}
