import { z } from "zod";
import { PARALLEL_RUNS_MAX } from "./ports/jobs.ts";

/** A whole number in digits. An empty variable is an error: read as a number it would be 0. */
const integer = (fallback: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) =>
  z.coerce
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))
    .default(fallback);
const optionalText = z
  .string()
  .optional()
  .transform((value) => (value === "" ? undefined : value));
const flag = z
  .enum(["true", "false", "1", "0", ""])
  .default("false")
  .transform((value) => value === "true" || value === "1");

/** Text variables and secrets. Numbers carry their unit in the name. Documented in README.md, "Configuration". */
const variables = z.object({
  BUSBAR_ENV: z.enum(["production", "development"]).default("production"),
  PUBLIC_BASE_URL: z.url().transform((url) => url.replace(/\/+$/, "")),
  DATABASE_URL: z.string().min(1),
  NEON_FETCH_ENDPOINT: optionalText,
  UPSTASH_REDIS_REST_URL: z.url(),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
  QSTASH_URL: optionalText,
  QSTASH_TOKEN: optionalText,
  QSTASH_CURRENT_SIGNING_KEY: optionalText,
  QSTASH_NEXT_SIGNING_KEY: optionalText,
  QSTASH_DEV: optionalText,
  QSTASH_REGION: optionalText,
  JWT_SECRET: optionalText,
  JWKS_URL: optionalText,
  JWT_ISSUER: optionalText,
  JWT_AUDIENCE: z.string().min(1).default("busbar"),
  SETTINGS_TOKEN_SECRET: z.string().min(32),
  CREDENTIAL_SECRET: z.string().min(32),
  RATE_LIMIT_REQUESTS: integer(600),
  RATE_LIMIT_WINDOW_SECONDS: integer(60),
  AUTH_FAILURE_LIMIT: integer(20),
  OUTAGE_GRACE_SECONDS: integer(900),
  SETTINGS_RATE_PER_SECOND: integer(10),
  SETTINGS_BURST: integer(15),
  OCPP_UPGRADE_FAILURE_LIMIT: integer(20),
  OCPP_ALLOWED_ORIGINS: z.string().default(""),
  OCPP_CLIENT_CERTIFICATES: flag,
  OCPP_INBOUND_VALIDATION: z.enum(["lenient", "strict"]).default("lenient"),
  BODY_DEADLINE_SECONDS: integer(10),
  CHARGER_LIMIT: integer(1_000_000),
  OPEN_JOB_LIMIT: integer(20),
  PROVISION_PARALLELISM: integer(20, { min: 1, max: PARALLEL_RUNS_MAX }),
  SIMULATOR_CONNECTS_PER_SECOND: integer(200),
  SIMULATOR_WATCH_SECONDS: integer(30),
  ALLOW_PRIVATE_TARGETS: flag,
  WEBHOOK_RETRIES: integer(3, { max: 5 }),
  WEBHOOK_RETRY_DELAY: z.string().min(1).max(256).default("60000 * pow(20, retried)"),
});

const oneTokenKey = (env: z.infer<typeof variables>, ctx: z.RefinementCtx) => {
  if ((env.JWT_SECRET === undefined) === (env.JWKS_URL === undefined))
    ctx.addIssue({
      code: "custom",
      path: ["JWT_SECRET"],
      message: "set exactly one of JWT_SECRET and JWKS_URL",
    });
  if (env.JWT_SECRET !== undefined && new TextEncoder().encode(env.JWT_SECRET).length < 32)
    ctx.addIssue({ code: "custom", path: ["JWT_SECRET"], message: "needs at least 32 bytes" });
};

const schema = variables.superRefine(oneTokenKey);

/** A Durable Object namespace. Only `durable/` knows the methods of its stubs. */
export interface ObjectNamespace {
  getByName(name: string): { fetch(request: Request): Promise<Response> };
}

/** Static files that are uploaded with the script. */
export interface BuiltFiles {
  fetch(url: string): Promise<Response>;
}

export interface Bindings {
  CHARGE_POINT_SESSION: ObjectNamespace;
  SIMULATOR_HOST: ObjectNamespace;
  TRANSACTION_IDS: ObjectNamespace;
  SESSION_SHELF: ObjectNamespace;
  TAG_REGISTRY: ObjectNamespace;
  EVENTS_LIVE: ObjectNamespace;
}

/** Environment as the runtime passes it, not parsed. */
export type RawEnv = Bindings & { ASSETS?: BuiltFiles } & Record<string, unknown>;

export type Config = z.infer<typeof schema>;

/** Parsed configuration and bindings. No other code reads the environment. */
export type Env = Config & Bindings;

/** Configuration error. The message names the variables at fault, never their values. */
export class Misconfigured extends Error {
  readonly variables: string[];
  constructor(variables: string[]) {
    super(`Configuration is incomplete: ${variables.join("; ")}`);
    this.variables = variables;
  }
}

/** Static files; null: the application runs without them. Does not need a complete configuration. */
export function filesOf(raw: RawEnv | undefined): BuiltFiles | null {
  return raw?.ASSETS ?? null;
}

const parsed = new WeakMap<object, Env>();

/**
 * Parses the bindings once per isolate.
 * @throws Misconfigured with the names of the variables at fault.
 */
export function readEnv(raw: RawEnv): Env {
  const known = parsed.get(raw);
  if (known) return known;
  const result = schema.safeParse(raw);
  if (!result.success) {
    throw new Misconfigured(result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`));
  }
  const env: Env = {
    ...result.data,
    CHARGE_POINT_SESSION: raw.CHARGE_POINT_SESSION,
    SIMULATOR_HOST: raw.SIMULATOR_HOST,
    TRANSACTION_IDS: raw.TRANSACTION_IDS,
    SESSION_SHELF: raw.SESSION_SHELF,
    TAG_REGISTRY: raw.TAG_REGISTRY,
    EVENTS_LIVE: raw.EVENTS_LIVE,
  };
  parsed.set(raw, env);
  return env;
}
