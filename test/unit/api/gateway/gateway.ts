import { SignJWT } from "jose";
import { createApp } from "../../../../src/app.ts";
import type { Config, RawEnv } from "../../../../src/env.ts";
import type { Location, Organization, Ports, Role } from "../../../../src/ports.ts";
import { MemoryFleet } from "./memory-fleet.ts";

const JWT_SECRET = "a-secret-of-at-least-32-bytes-for-tests";
const BASE_URL = "https://busbar.test";

const CONFIG: Config = {
  BUSBAR_ENV: "production",
  PUBLIC_BASE_URL: BASE_URL,
  DATABASE_URL: "postgres://nowhere",
  NEON_FETCH_ENDPOINT: undefined,
  UPSTASH_REDIS_REST_URL: "https://nowhere.test",
  UPSTASH_REDIS_REST_TOKEN: "t",
  QSTASH_URL: undefined,
  QSTASH_TOKEN: undefined,
  QSTASH_CURRENT_SIGNING_KEY: undefined,
  QSTASH_NEXT_SIGNING_KEY: undefined,
  QSTASH_DEV: undefined,
  QSTASH_REGION: undefined,
  JWT_SECRET,
  JWKS_URL: undefined,
  JWT_ISSUER: undefined,
  JWT_AUDIENCE: "busbar",
  SETTINGS_TOKEN_SECRET: "s".repeat(32),
  CREDENTIAL_SECRET: "c".repeat(32),
  RATE_LIMIT_REQUESTS: 600,
  RATE_LIMIT_WINDOW_SECONDS: 60,
  AUTH_FAILURE_LIMIT: 1000,
  OUTAGE_GRACE_SECONDS: 900,
  SETTINGS_RATE_PER_SECOND: 10,
  SETTINGS_BURST: 15,
  OCPP_UPGRADE_FAILURE_LIMIT: 20,
  OCPP_ALLOWED_ORIGINS: "",
  OCPP_CLIENT_CERTIFICATES: false,
  OCPP_INBOUND_VALIDATION: "lenient",
  BODY_DEADLINE_SECONDS: 10,
  CHARGER_LIMIT: 1_000_000,
  OPEN_JOB_LIMIT: 20,
  PROVISION_PARALLELISM: 20,
  SIMULATOR_CONNECTS_PER_SECOND: 200,
  SIMULATOR_WATCH_SECONDS: 30,
  ALLOW_PRIVATE_TARGETS: false,
  WEBHOOK_RETRIES: 3,
  WEBHOOK_RETRY_DELAY: "60000 * pow(20, retried)",
};

export interface CallOptions {
  method?: string;
  /** An object is sent as JSON, a string as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Null: no credential. Default: an operator of `organization`. */
  token?: string | null;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: unknown;
}

/** The application over an in-memory fleet with one organisation, called as its operator. `real` replaces ports. */
export async function openGateway(config: Partial<Config> = {}, real: Partial<Ports> = {}) {
  const fleet = new MemoryFleet();
  const organization = fleet.addOrganization();
  const merged = { ...CONFIG, ...config };
  const ports = { ...fleet.ports(), ...real };
  const app = createApp({ services: () => ({ ports, config: merged }), writeLog: () => undefined });
  const operator = await tokenFor(fleet, { org: organization.id, role: "operator" });

  async function call(path: string, options: CallOptions = {}): Promise<Answer> {
    const { method = options.body === undefined ? "GET" : "POST", body, token = operator } = options;
    const headers = new Headers(options.headers);
    if (token !== null && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
    const payload = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    if (payload !== undefined && !headers.has("content-type"))
      headers.set("content-type", "application/json");
    const request = new Request(`${BASE_URL}${path}`, {
      method,
      headers,
      ...(payload === undefined ? {} : { body: payload }),
    });
    const response = await app.fetch(request, {} as RawEnv);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  return {
    fleet,
    organization,
    call,
    fetch: async (request: Request) => app.fetch(request, {} as RawEnv),
    operator,
    token: (claims: { org?: string; role?: string }) => tokenFor(fleet, claims),
    location: (of: Organization = organization) => addLocation(fleet, of),
  };
}

export type Gateway = Awaited<ReturnType<typeof openGateway>>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tokenFor(fleet: MemoryFleet, claims: { org?: string; role?: Role | string }): Promise<string> {
  const now = Math.floor(fleet.now.getTime() / 1000);
  return new SignJWT({ sub: "tester", iss: BASE_URL, aud: "busbar", iat: now, exp: now + 3600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(JWT_SECRET));
}

function addLocation(fleet: MemoryFleet, organization: Organization): Location {
  const { ids } = fleet.ports();
  const id = ids.uuid();
  const times = { createdAt: fleet.now, updatedAt: fleet.now };
  const place = {
    address: null,
    city: null,
    country: null,
    coordinates: null,
    timezone: null,
    ownerName: null,
  };
  const row = { id, slug: `site-${id.slice(-8)}`, name: "Site", ...place, fuseLimitA: null, public: false };
  const location = { ...row, status: "active", revision: 1, ...times };
  fleet.locations.set(id, { ...location, organizationId: organization.id });
  return location;
}

/** A body that `POST /ocpp/chargers` accepts. */
export function chargerBody(locationId: string, over: Record<string, unknown> = {}) {
  return {
    identity: "CP-FAST-201",
    brand_slug: "abb",
    model_slug: "terra-184",
    connector_type: "CCS2",
    ws_url: "wss://example-ocpp-backend.test/ws",
    ocpp_version: "OCPP2.0.1",
    charge_point_name: "Fast Bay 01",
    location_id: locationId,
    location_name: "La Defense Charging Hub",
    ...over,
  };
}

/** A group that the bulk create accepts. */
export function group(over: { template?: Record<string, unknown>; [field: string]: unknown } = {}) {
  const { template, ...rest } = over;
  const base = { brand_slug: "schneider", model_slug: "evlink-pro-ac-22kw", ocpp_version: "OCPP1.6" };
  return { template: { ...base, identity_prefix: "SITE_A_", ...template }, ...rest };
}
