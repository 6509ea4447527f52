import { decodeJwt, jwtVerify, SignJWT } from "jose";
import type { Config } from "../../env.ts";
import type { ApiKey, Organization, Role } from "../../ports.ts";

export const TOKEN_LIFETIME_SECONDS = 3600;
const AUDIENCE = "busbar-settings";
const TOKEN_BYTES_MAX = 8192;
const CLOCK_TOLERANCE_SECONDS = 5;

/** Bits of the original service: User, Owner, Maintainer, Administrator. */
export const ROLE_BITS: Record<Role, number> = { viewer: 1, operator: 1, owner: 2, service: 4, admin: 8 };

const secretOf = (config: Config) => new TextEncoder().encode(config.SETTINGS_TOKEN_SECRET);

export async function signSettingsToken(
  config: Config,
  { key, organization }: { key: ApiKey; organization: Organization },
  now: Date,
): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return new SignJWT({ org: organization.id, roles: ROLE_BITS[key.role] })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(key.id)
    .setIssuer(config.PUBLIC_BASE_URL)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_LIFETIME_SECONDS)
    .sign(secretOf(config));
}

/** Whether a text has the audience of this surface's tokens. Its signature is not checked. */
export function claimsSettings(token: string): boolean {
  if (token.length > TOKEN_BYTES_MAX) return false;
  try {
    return decodeJwt(token).aud === AUDIENCE;
  } catch {
    return false;
  }
}

/** The API key id of a valid token; null: the token is not valid. */
export async function settingsTokenSubject(token: string, config: Config, now: Date): Promise<string | null> {
  try {
    const { payload } = await jwtVerify(token, secretOf(config), {
      algorithms: ["HS256"],
      issuer: config.PUBLIC_BASE_URL,
      audience: AUDIENCE,
      requiredClaims: ["sub", "exp"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: now,
    });
    return payload.sub ?? null;
  } catch {
    return null;
  }
}
