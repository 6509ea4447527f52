import { jwtVerify, SignJWT } from "jose";
import type { Config } from "../../env.ts";

/** Path of the live line, the only one where a ticket is a credential. */
export const LIVE_PATH = "/api/v1/events/live";
const TICKET_LIFETIME_SECONDS = 60;
const AUDIENCE = "busbar-events-live";
const TICKET_LENGTH_MAX = 1024;

/** A key of its own, so that no other text signed with this secret is a ticket. */
async function keyOf({ CREDENTIAL_SECRET: secret }: Config): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(secret);
  const material = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode("busbar live ticket");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, material, 256));
}

/** A credential for one opening of a live line: browsers cannot send headers with an upgrade. */
export async function signLiveTicket(
  config: Config,
  keyId: string,
  now: Date,
): Promise<{ ticket: string; expiresAt: Date }> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const expires = issuedAt + TICKET_LIFETIME_SECONDS;
  const ticket = await new SignJWT()
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(keyId)
    .setIssuer(config.PUBLIC_BASE_URL)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expires)
    .sign(await keyOf(config));
  return { ticket, expiresAt: new Date(expires * 1000) };
}

/** Id of the API key that a ticket was made with; null: the ticket is not valid. */
export async function keyOfTicket(ticket: string, config: Config, now: Date): Promise<string | null> {
  if (ticket.length > TICKET_LENGTH_MAX) return null;
  try {
    const { payload } = await jwtVerify(ticket, await keyOf(config), {
      algorithms: ["HS256"],
      issuer: config.PUBLIC_BASE_URL,
      audience: AUDIENCE,
      requiredClaims: ["sub", "exp"],
      currentDate: now,
    });
    return payload.sub ?? null;
  } catch {
    return null;
  }
}
