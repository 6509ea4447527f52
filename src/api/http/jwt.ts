import {
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  createRemoteJWKSet,
  errors,
  jwtVerify,
} from "jose";
import type { Config } from "../../env.ts";
import { Unauthenticated, Unavailable } from "../../errors.ts";
import { ROLES, type Role } from "../../ports.ts";
import { isUuid } from "./resource-id.ts";

const TOKEN_BYTES_MAX = 8192;
const CLOCK_TOLERANCE_SECONDS = 5;
const JWKS_TIMEOUT_MS = 2_000;

interface TokenClaims {
  subject: string;
  /** Null without an `org` claim, or with one that is no UUID. */
  organizationId: string | null;
  /** True when the token carries an `org` claim of any form. */
  hasOrganization: boolean;
  role: Role | null;
}

const keySets = new Map<string, JWTVerifyGetKey>();

/**
 * Claims of a valid token: HS256 with JWT_SECRET, or RS256 and ES256 with a key of JWKS_URL; issuer, audience,
 * `sub` and `exp` required (RFC 8725). Keys named by the token itself (`jku`, `x5u`, `jwk`) are never looked at.
 * @throws Unauthenticated for every other token, Unavailable when the key set cannot be fetched.
 */
export async function verifyToken(token: string, config: Config, now: Date): Promise<TokenClaims> {
  if (token.length > TOKEN_BYTES_MAX) throw new Unauthenticated("The token is too long");
  const options: JWTVerifyOptions = {
    issuer: config.JWT_ISSUER ?? config.PUBLIC_BASE_URL,
    audience: config.JWT_AUDIENCE,
    requiredClaims: ["sub", "exp"],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: now,
  };
  try {
    return claimsOf(await verifiedPayload(token, config, options));
  } catch (err) {
    if (isKeySetOutage(err)) throw new Unavailable("The key set cannot be fetched", { cause: err });
    throw new Unauthenticated("The token does not hold", { cause: err });
  }
}

async function verifiedPayload(
  token: string,
  config: Config,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  if (config.JWKS_URL !== undefined) {
    const verified = await jwtVerify(token, keySet(config.JWKS_URL), {
      ...options,
      algorithms: ["RS256", "ES256"],
    });
    return verified.payload;
  }
  const secret = new TextEncoder().encode(config.JWT_SECRET);
  return (await jwtVerify(token, secret, { ...options, algorithms: ["HS256"] })).payload;
}

function keySet(url: string): JWTVerifyGetKey {
  const known = keySets.get(url);
  if (known) return known;
  const created = createRemoteJWKSet(new URL(url), { timeoutDuration: JWKS_TIMEOUT_MS });
  keySets.set(url, created);
  return created;
}

/** Whether the key set could not be fetched. Errors of the token itself have other classes of jose. */
function isKeySetOutage(err: unknown): boolean {
  if (err instanceof errors.JWKSTimeout || err instanceof errors.JWKSInvalid) return true;
  if (err instanceof errors.JOSEError) return err.code === "ERR_JOSE_GENERIC";
  return err instanceof TypeError && /fetch|network/i.test(err.message);
}

function claimsOf(payload: JWTPayload): TokenClaims {
  const { sub, org, role } = payload;
  if (typeof sub !== "string" || sub === "") throw new Unauthenticated("The token names no subject");
  return {
    subject: sub,
    organizationId: typeof org === "string" && isUuid(org) ? org.toLowerCase() : null,
    hasOrganization: org !== undefined && org !== null,
    role: ROLES.find((known) => known === role) ?? null,
  };
}
