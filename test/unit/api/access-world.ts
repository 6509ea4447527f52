import { SignJWT } from "jose";
import { createApp } from "../../../src/app.ts";
import { readEnv } from "../../../src/env.ts";
import type { Config, RawEnv } from "../../../src/env.ts";
import { createApiKeyMaterial } from "../../../src/fleet/keys/api-key-material.ts";
import { systemIds } from "../../../src/fleet/ids.ts";
import type { ApiKey, Organization, Ports } from "../../../src/ports.ts";
import {
  fakeApiKeys,
  fakeChargers,
  fakeOrganizations,
  fakeRecovery,
  fakeSessions,
  unusedPort,
  type SessionsState,
} from "./fake-ports.ts";

export const JWT_SECRET = "a-secret-of-more-than-thirty-two-bytes-for-tests";
export const BASE_URL = "https://busbar.test";
const START = new Date("2026-02-06T12:00:00.000Z");

const VARIABLES = {
  BUSBAR_ENV: "production",
  PUBLIC_BASE_URL: BASE_URL,
  DATABASE_URL: "postgresql://user:password@db.test/busbar",
  UPSTASH_REDIS_REST_URL: "https://redis.test",
  UPSTASH_REDIS_REST_TOKEN: "redis-token",
  QSTASH_URL: "https://qstash.test",
  QSTASH_TOKEN: "qstash-token",
  QSTASH_CURRENT_SIGNING_KEY: "sig_current",
  QSTASH_NEXT_SIGNING_KEY: "sig_next",
  SETTINGS_TOKEN_SECRET: "settings-secret-of-more-than-thirty-two-bytes",
  CREDENTIAL_SECRET: "credential-secret-of-more-than-thirty-two-bytes",
};

export interface World {
  config: Config;
  ports: Ports;
  organization: Organization;
  other: Organization;
  clock: { now: Date; advance(ms: number): void };
  logLines: string[];
  /** What `ports.sessions` was asked, and what it answers next. */
  sessions: SessionsState;
  /** Digests that were looked up in the database. */
  lookUps: string[];
  request(path: string, init?: RequestInit): Promise<Response>;
  /** The settled background work so far. */
  settled(): Promise<void>;
  apiKey(role: ApiKey["role"], organization?: Organization): Promise<string>;
  token(claims?: Record<string, unknown>): Promise<string>;
}

function newOrganization(slug: string, changes: Partial<Organization> = {}): Organization {
  const id = systemIds.uuid();
  return {
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
    ...changes,
  };
}

/** The application over ports in memory: one organisation `acme`, another `globex`, a clock that stands still. */
export function createWorld(variables: Record<string, string> = {}, changes: Partial<Ports> = {}): World {
  const organization = newOrganization("acme");
  const other = newOrganization("globex");
  const clock = {
    now: START,
    advance: (ms: number) => void (clock.now = new Date(clock.now.getTime() + ms)),
  };
  const keys = fakeApiKeys();
  const sessions = fakeSessions();
  const ports: Ports = {
    organizations: fakeOrganizations([organization, other]),
    apiKeys: keys.store,
    locations: unusedPort("locations"),
    chargers: fakeChargers(),
    jobs: unusedPort("jobs"),
    idempotency: unusedPort("idempotency"),
    tagPolicies: unusedPort("tagPolicies"),
    idTags: unusedPort("idTags"),
    tagJobs: unusedPort("tagJobs"),
    localLists: { ...unusedPort<Ports["localLists"]>("localLists"), replace: async () => null },
    tagRegistry: unusedPort("tagRegistry"),
    liveLines: unusedPort("liveLines"),
    tagRegistries: unusedPort("tagRegistries"),
    history: unusedPort("history"),
    recovery: fakeRecovery(),
    settings: unusedPort("settings"),
    sessions: sessions.port,
    simulators: unusedPort("simulators"),
    runs: unusedPort("runs"),
    messages: unusedPort("messages"),
    rateCounter: { add: async (_key, count) => ({ used: count, resetAtMs: clock.now.getTime() + 60_000 }) },
    replayMarks: unusedPort("replayMarks"),
    effects: unusedPort("effects"),
    events: unusedPort("events"),
    webhooks: unusedPort("webhooks"),
    deliveries: unusedPort("deliveries"),
    webhookPost: () => Promise.reject(new Error("webhookPost was not expected here")),
    ids: systemIds,
    clock: { now: () => clock.now },
    probe: async () => ({ database: "ok", redis: "ok", engine: "ok" }),
    ...changes,
  };
  const config = readEnv(
    rawEnv({ ...VARIABLES, ...(variables["JWKS_URL"] ? {} : { JWT_SECRET }), ...variables }),
  );
  const background: Promise<unknown>[] = [];
  const logLines: string[] = [];
  const app = createApp({ services: () => ({ ports, config }), writeLog: (line) => logLines.push(line) });
  const waiting = {
    waitUntil: (work: Promise<unknown>) => void background.push(work),
    passThroughOnException() {},
    props: {},
  };
  return {
    config,
    ports,
    organization,
    other,
    clock,
    logLines,
    sessions: sessions.state,
    lookUps: keys.lookUps,
    request: async (path, init) => app.request(path, init, {}, waiting),
    settled: async () => void (await Promise.all(background)),
    apiKey: async (role, of = organization) => {
      const { key, digest, prefix } = await createApiKeyMaterial("test");
      keys.add(of, { id: `key_${prefix}${digest.slice(0, 6)}`, name: role, role, prefix }, digest, clock.now);
      return key;
    },
    token: (claims = {}) => tokenAt(clock.now, { org: organization.id, role: "owner", ...claims }),
  };
}

/** Undefined claims are left out. */
export async function tokenAt(now: Date, claims: Record<string, unknown>): Promise<string> {
  const seconds = Math.floor(now.getTime() / 1000);
  const defaults = { sub: "user-1", iss: BASE_URL, aud: "busbar", iat: seconds, exp: seconds + 600 };
  const payload = Object.fromEntries(
    Object.entries({ ...defaults, ...claims }).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(payload).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(JWT_SECRET));
}

/** Text variables only: nothing here reaches a Durable Object. */
function rawEnv(variables: Record<string, string>): RawEnv {
  return variables as unknown as RawEnv;
}

export function bearer(token: string, headers: Record<string, string> = {}): RequestInit {
  return { headers: { authorization: `Bearer ${token}`, ...headers } };
}

/** A request of /api/v1 with a JSON body. */
export function post(apiKey: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "x-api-key": apiKey, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** What the tests read of an answer's body. */
export interface AnswerBody {
  [field: string]: unknown;
  id: string;
  key: string;
  authorizationKey: string;
  chargers: Array<{ chargeBoxId: string }>;
  apiKeys: Array<{ id: string; prefix: string }>;
  error: {
    code: string;
    message: string;
    issues: Array<{ location: string; path: string[]; message: string }>;
  };
}

/** The tests compare what they read: a field that is missing makes them fail. */
export async function bodyOf(response: Response): Promise<AnswerBody> {
  return (await response.json()) as AnswerBody;
}
