import { SignJWT } from "jose";
import type { Role } from "../../src/ports.ts";

const LIFETIME_SECONDS = 3600;

export interface TokenRequest {
  secret: string;
  issuer: string;
  audience: string;
  role: Role;
  /** UUID; null for a platform admin. */
  organization: string | null;
  now: Date;
}

/** A user's token of one hour, as an identity provider would issue it. */
export function signToken({
  secret,
  issuer,
  audience,
  role,
  organization,
  now,
}: TokenRequest): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return new SignJWT({ role, ...(organization === null ? {} : { org: organization }) })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(`development-${role}`)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME_SECONDS)
    .sign(new TextEncoder().encode(secret));
}
