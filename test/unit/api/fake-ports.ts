import { Conflict, IdempotencyMismatch } from "../../../src/errors.ts";
import type {
  ApiKey,
  ApiKeyStore,
  ChargerStore,
  CommandOutcome,
  CommandTimeout,
  ConnectedCharger,
  DataTransferRow,
  IdempotencyClaim,
  Organization,
  OrganizationStore,
  RecordedResponse,
  RecoveryStore,
  RegistrationStatus,
  SessionProvision,
  SessionRef,
  Sessions,
  StoredCredential,
} from "../../../src/ports.ts";

/** A port that the code under test must not touch. */
export function unusedPort<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get: (_target, property) => () => {
      throw new Error(`${name}.${String(property)} was not expected here`);
    },
  });
}

interface StoredKey {
  key: ApiKey;
  organization: Organization;
  digest: string;
}

export function fakeApiKeys() {
  let keys: StoredKey[] = [];
  const lookUps: string[] = [];
  const add = (
    organization: Organization,
    key: Omit<ApiKey, "createdAt" | "lastUsedAt">,
    digest: string,
    now: Date,
  ) => {
    const stored = { organization, digest, key: { ...key, createdAt: now, lastUsedAt: null } };
    keys.push(stored);
    return stored.key;
  };
  const store: ApiKeyStore = {
    async findByDigest(digest) {
      lookUps.push(digest);
      return keys.find((known) => known.digest === digest) ?? null;
    },
    findById: async (id) => keys.find((known) => known.key.id === id) ?? null,
    insert: async (organizationId, key, digest, now) =>
      add({ ...emptyOrganization, id: organizationId }, key, digest, now),
    list: async (organizationId) =>
      keys.filter(({ organization }) => organization.id === organizationId).map(({ key }) => key),
    async revoke(organizationId, id) {
      const before = keys.length;
      keys = keys.filter(({ key, organization }) => key.id !== id || organization.id !== organizationId);
      return keys.length < before;
    },
    async touch(id, now) {
      for (const { key } of keys) if (key.id === id) key.lastUsedAt = now;
    },
  };
  return { store, lookUps, add };
}

const emptyOrganization: Organization = {
  id: "",
  slug: "acme",
  name: "acme",
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

export function fakeOrganizations(known: Organization[]): OrganizationStore {
  const get = (id: string) => known.find((one) => one.id === id) ?? null;
  return {
    get: async (id) => get(id),
    async change(id, changes) {
      const organization = get(id);
      if (!organization) return null;
      const isTold =
        (changes.acceptUnknownIdTags ?? organization.acceptUnknownIdTags) !==
        organization.acceptUnknownIdTags;
      Object.assign(organization, changes);
      return { organization, effects: isTold ? [{ id: "effects-1", total: 2 }] : [] };
    },
  };
}

/** Registration, look-up and list; everything else is not expected. */
export function fakeChargers(): ChargerStore {
  const rows: Array<{ organizationId: string; charger: ConnectedCharger }> = [];
  const recorded = new Map<string, { claim: IdempotencyClaim; response: RecordedResponse }>();
  const ofOrganization = (id: string) =>
    rows.filter(({ organizationId }) => organizationId === id).map(({ charger }) => charger);
  return {
    ...unusedPort<ChargerStore>("chargers"),
    async register(organization, { id, identity, name, location, securityProfile, now }, claim, response) {
      const before = claim && recorded.get(`${organization.id} ${claim.key}`);
      if (before && before.claim.bodyHash !== claim.bodyHash) throw new IdempotencyMismatch();
      if (before) return { kind: "replayed", response: before.response };
      if (ofOrganization(organization.id).some((known) => known.identity === identity))
        throw new Conflict(`Charger ${identity} already exists`);
      const row = { ...offline, id, identity, name, location, securityProfile, registeredAt: now };
      rows.push({ organizationId: organization.id, charger: row });
      if (claim) recorded.set(`${organization.id} ${claim.key}`, { claim, response });
      const tagPolicy = { acceptsUnknown: organization.acceptUnknownIdTags, readAtMs: now.getTime() };
      return { kind: "done", value: { id, tagPolicy } };
    },
    async unregister(organizationId, id, claim) {
      const at = rows.findIndex((row) => row.organizationId === organizationId && row.charger.id === id);
      rows.splice(at, 1);
      if (claim) recorded.delete(`${organizationId} ${claim.key}`);
    },
    findByIdentity: async (organizationId, identity) =>
      ofOrganization(organizationId).find((known) => known.identity === identity) ?? null,
    async setRegistration(organizationId, identity, status) {
      const charger = ofOrganization(organizationId).find((known) => known.identity === identity);
      if (!charger) return null;
      charger.registrationStatus = status;
      return { id: charger.id };
    },
    async remove(organizationId, { chargerIds }, batchId) {
      const ids = chargerIds ?? [];
      const gone = rows.filter(
        (row) => row.organizationId === organizationId && ids.includes(row.charger.id),
      );
      for (const row of gone) rows.splice(rows.indexOf(row), 1);
      const effects = gone.length === 0 ? null : { id: batchId, total: gone.length };
      const runtimes = gone.map(({ charger: { id, identity } }) => ({
        chargerId: id,
        identity,
        runtime: "external" as const,
        simulatorHost: null,
      }));
      return { gone: runtimes, jobIds: [], effects };
    },
    async listConnected(organizationId, { online }, { limit, offset }) {
      const all = ofOrganization(organizationId).filter(
        (known) => online === null || known.online === online,
      );
      return { total: all.length, rows: all.slice(offset, offset + limit) };
    },
  };
}

/** Keeps credentials; everything else is not expected. */
export function fakeRecovery(): RecoveryStore {
  return { ...unusedPort<RecoveryStore>("recovery"), keepCredential: async () => undefined };
}

const offline = {
  isKeyLost: false,
  registrationStatus: "Accepted",
  online: false,
  ocppVersion: null,
  vendor: null,
  model: null,
  serialNumber: null,
  firmwareVersion: null,
  lastMessageAt: null,
  connectors: [],
  stopConflicts: [],
} satisfies Partial<ConnectedCharger>;

export interface SessionsState {
  outcome: CommandOutcome;
  commands: Array<{ ref: SessionRef; command: unknown; timeoutMs: CommandTimeout }>;
  provisioned: Array<{ ref: SessionRef; input: SessionProvision }>;
  /** Sessions that come to be when they are needed. */
  prepared: Array<{ ref: SessionRef; input: SessionProvision }>;
  registrations: Array<{ ref: SessionRef; status: RegistrationStatus }>;
  retired: SessionRef[];
  /** Null: no session. */
  transfers: DataTransferRow[] | null;
}

/** What the sessions of these tests know of a key. */
export function credentialOf(key: string): StoredCredential {
  const current = { text: new TextEncoder().encode(key), bytes: null };
  return { salt: new Uint8Array(), current, offered: [], next: null };
}

export function fakeSessions(): { port: Sessions; state: SessionsState } {
  const state: SessionsState = {
    outcome: { kind: "notProvisioned" },
    commands: [],
    provisioned: [],
    prepared: [],
    registrations: [],
    retired: [],
    transfers: null,
  };
  const port: Sessions = {
    ...unusedPort<Sessions>("sessions"),
    async provision(ref, input) {
      state.provisioned.push({ ref, input });
      return { created: true };
    },
    async prepare(ref, input) {
      state.prepared.push({ ref, input });
    },
    async command(ref, command, timeoutMs) {
      state.commands.push({ ref, command, timeoutMs });
      return state.outcome;
    },
    newCredential: async (key) => credentialOf(key),
    snapshot: async () => null,
    rotateAuthorizationKey: async () => null,
    async setRegistration(ref, status) {
      state.registrations.push({ ref, status });
      return true;
    },
    hangUp: async () => true,
    retire: async (ref) => void state.retired.push(ref),
    dataTransfers: async (_ref, limit) => state.transfers?.slice(0, limit) ?? null,
  };
  return { port, state };
}
