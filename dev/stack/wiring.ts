import type { InnerPorts } from "./remembered.ts";
import type { Secrets } from "./secrets.ts";
import { StackError } from "./stack-error.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Which parts the stack starts itself and which are used from outside. */
export interface Wiring {
  sql: { embedded: true; pgUrl: string | undefined } | { embedded: false };
  redis: { embedded: true; redisUrl: string | undefined } | { embedded: false };
  engine: { embedded: boolean };
}

/** Variables that are passed on to the Worker when they are set. */
const PASSED_ON = [
  "BUSBAR_ENV",
  "BODY_DEADLINE_SECONDS",
  "CHARGER_LIMIT",
  "OPEN_JOB_LIMIT",
  "JWT_ISSUER",
  "JWT_AUDIENCE",
  "OCPP_ALLOWED_ORIGINS",
  "OCPP_CLIENT_CERTIFICATES",
  "OCPP_INBOUND_VALIDATION",
  "OUTAGE_GRACE_SECONDS",
  "PROVISION_PARALLELISM",
  "SIMULATOR_CONNECTS_PER_SECOND",
  "RATE_LIMIT_WINDOW_SECONDS",
  "WEBHOOK_RETRIES",
  "WEBHOOK_RETRY_DELAY",
] as const;

/** Variables that decide where data are kept and how they are decrypted: the next start on the same data needs them again. */
const STORE_VARIABLES = [
  "DATABASE_URL",
  "NEON_FETCH_ENDPOINT",
  "BUSBAR_PG_URL",
  "UPSTASH_REDIS_REST_URL",
  "UPSTASH_REDIS_REST_TOKEN",
  "BUSBAR_REDIS_URL",
  "QSTASH_URL",
  "QSTASH_TOKEN",
  "QSTASH_CURRENT_SIGNING_KEY",
  "QSTASH_NEXT_SIGNING_KEY",
  "SETTINGS_TOKEN_SECRET",
  "CREDENTIAL_SECRET",
  "PUBLIC_BASE_URL",
] as const;

/** Limits are practically off: a local demo of thousands of chargers is one client at one address. */
const LOCAL_DEFAULTS = {
  BUSBAR_ENV: "development",
  ALLOW_PRIVATE_TARGETS: "true",
  RATE_LIMIT_REQUESTS: "1000000",
  AUTH_FAILURE_LIMIT: "1000000",
  OCPP_UPGRADE_FAILURE_LIMIT: "1000000",
  SETTINGS_RATE_PER_SECOND: "1000000",
  SETTINGS_BURST: "1000000",
  // Simulated stations reconnect within seconds after a restart.
  SIMULATOR_WATCH_SECONDS: "5",
};

const given = (env: Environment, name: string) => (env[name] === "" ? undefined : env[name]);

function required(env: Environment, names: readonly string[], because: string): Record<string, string> {
  const missing = names.filter((name) => given(env, name) === undefined);
  if (missing.length > 0)
    throw new StackError(`${because} is set, so ${missing.join(" and ")} must be set too.`);
  return Object.fromEntries(names.map((name) => [name, given(env, name) ?? ""]));
}

/** Names of the environment variables that are set now, and have to be set again when the same data are started next. */
export function storeVariables(env: Environment): string[] {
  return STORE_VARIABLES.filter((name) => given(env, name) !== undefined);
}

/** A part whose address is set is used from outside; every other one is embedded. */
export function chooseWiring(env: Environment): Wiring {
  return {
    sql: given(env, "DATABASE_URL")
      ? { embedded: false }
      : { embedded: true, pgUrl: given(env, "BUSBAR_PG_URL") },
    redis: given(env, "UPSTASH_REDIS_REST_URL")
      ? { embedded: false }
      : { embedded: true, redisUrl: given(env, "BUSBAR_REDIS_URL") },
    engine: { embedded: given(env, "QSTASH_URL") === undefined },
  };
}

export interface WiringContext {
  env: Environment;
  wiring: Wiring;
  secrets: Secrets;
  ports: InnerPorts;
  baseUrl: string;
}

const loopback = (port: number) => `http://127.0.0.1:${port}`;

/** URL at which the Worker reaches an embedded part: its own, or that of a test proxy in front of it. */
const reached = (env: Environment, name: "SQL" | "REDIS" | "ENGINE", port: number) =>
  given(env, `BUSBAR_VIA_${name}`) ?? loopback(port);

/** DATABASE_URL and NEON_FETCH_ENDPOINT. The embedded endpoint reads only the database name from the URL. */
export function databaseVariables({ env, wiring, ports }: WiringContext): Record<string, string> {
  if (!wiring.sql.embedded) {
    const endpoint = given(env, "NEON_FETCH_ENDPOINT");
    return {
      ...required(env, ["DATABASE_URL"], "DATABASE_URL"),
      ...(endpoint && { NEON_FETCH_ENDPOINT: endpoint }),
    };
  }
  const database = wiring.sql.pgUrl ? new URL(wiring.sql.pgUrl).pathname.slice(1) || "postgres" : "postgres";
  return {
    DATABASE_URL: `postgresql://postgres:postgres@local.db/${database}`,
    NEON_FETCH_ENDPOINT: `${reached(env, "SQL", ports.sql)}/sql`,
  };
}

function redisVariables({ env, wiring, ports, secrets }: WiringContext): Record<string, string> {
  const names = ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"];
  if (!wiring.redis.embedded) return required(env, names, "UPSTASH_REDIS_REST_URL");
  return {
    UPSTASH_REDIS_REST_URL: reached(env, "REDIS", ports.redis),
    UPSTASH_REDIS_REST_TOKEN: secrets.UPSTASH_REDIS_REST_TOKEN,
  };
}

function engineVariables({ env, wiring, ports, secrets }: WiringContext): Record<string, string> {
  const names = ["QSTASH_URL", "QSTASH_TOKEN", "QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];
  if (!wiring.engine.embedded) return required(env, names, "QSTASH_URL");
  return {
    QSTASH_URL: reached(env, "ENGINE", ports.engine),
    QSTASH_TOKEN: secrets.QSTASH_TOKEN,
    QSTASH_CURRENT_SIGNING_KEY: secrets.QSTASH_CURRENT_SIGNING_KEY,
    QSTASH_NEXT_SIGNING_KEY: secrets.QSTASH_NEXT_SIGNING_KEY,
  };
}

function tokenVariables({ env, secrets }: WiringContext): Record<string, string> {
  const jwks = given(env, "JWKS_URL");
  return {
    ...(jwks ? { JWKS_URL: jwks } : { JWT_SECRET: given(env, "JWT_SECRET") ?? secrets.JWT_SECRET }),
    SETTINGS_TOKEN_SECRET: given(env, "SETTINGS_TOKEN_SECRET") ?? secrets.SETTINGS_TOKEN_SECRET,
    CREDENTIAL_SECRET: given(env, "CREDENTIAL_SECRET") ?? secrets.CREDENTIAL_SECRET,
  };
}

/** All variables of the Worker that `src/env.ts` reads. */
export function workerVariables(context: WiringContext): Record<string, string> {
  const { env } = context;
  const chosen = [...PASSED_ON, ...Object.keys(LOCAL_DEFAULTS)].flatMap((name) => {
    const value = given(env, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...LOCAL_DEFAULTS,
    ...Object.fromEntries(chosen),
    PUBLIC_BASE_URL: context.baseUrl,
    ...databaseVariables(context),
    ...redisVariables(context),
    ...engineVariables(context),
    ...tokenVariables(context),
  };
}

/** Origins of our own services, which may be on private networks. Undefined: the Worker may reach every private network. */
export function privateOrigins(variables: Readonly<Record<string, string>>): string[] | undefined {
  if (["true", "1"].includes(variables["ALLOW_PRIVATE_TARGETS"] ?? "")) return undefined;
  const services = ["NEON_FETCH_ENDPOINT", "UPSTASH_REDIS_REST_URL", "QSTASH_URL", "JWKS_URL"];
  return services.flatMap((name) => URL.parse(variables[name] ?? "")?.origin ?? []);
}
