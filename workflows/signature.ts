import { base64url, errors, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyOptions } from "jose";
import { z } from "zod";

/** A delivery and what its signature is checked against. */
export interface SignedRequest {
  token: string;
  /** Current key first, then the next one. */
  keys: [string, string];
  /** Configured base URL and path, never the Host header. */
  url: string;
  now: Date;
}

/** `bodyDigest` is what `matchesBody` asks for. The reason is a code for the log. */
export type Verdict = { valid: true; id: string; bodyDigest: string } | { valid: false; reason: string };

const TOKEN_CHARACTERS_MAX = 4096;
const LIFETIME_SECONDS_MAX = 600;
const CHECKS = {
  algorithms: ["HS256"],
  issuer: "Upstash",
  requiredClaims: ["exp", "nbf"],
  clockTolerance: 5,
} satisfies JWTVerifyOptions;

const claimsSchema = z.object({
  sub: z.string(),
  exp: z.number(),
  iat: z.number(),
  jti: z.string().min(1).max(128),
  body: z.string(),
});

const invalid = (reason: string): Verdict => ({ valid: false, reason });

/**
 * Checks a delivery's token (JWT, HS256) against URL and time, which needs no byte of its body. Resolves to the token's id.
 * Upstash documents the claims under "Verify Signatures"; headers are not covered by the signature.
 */
export async function verifySignature({ token, keys, url, now }: SignedRequest): Promise<Verdict> {
  if (token.length > TOKEN_CHARACTERS_MAX) return invalid("length");
  try {
    return judge(await payloadOf(token, keys, now), url);
  } catch (error) {
    return invalid(error instanceof errors.JOSEError ? error.code : "unreadable");
  }
}

/** While keys are rotated, either of them may have signed. */
async function payloadOf(token: string, [current, next]: [string, string], now: Date): Promise<JWTPayload> {
  const verify = async (key: string) =>
    (await jwtVerify(token, new TextEncoder().encode(key), { ...CHECKS, currentDate: now })).payload;
  try {
    return await verify(current);
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return verify(next);
    throw error;
  }
}

function judge(payload: JWTPayload, url: string): Verdict {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) return invalid("claims");
  const { sub, exp, iat, jti, body } = claims.data;
  if (exp - iat > LIFETIME_SECONDS_MAX) return invalid("lifetime");
  if (URL.parse(sub)?.href !== URL.parse(url)?.href) return invalid("url");
  return { valid: true, id: jti, bodyDigest: stripPadding(body) };
}

/** Is this the body that was signed? */
export async function matchesBody(bodyDigest: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const digest = await crypto.subtle.digest("SHA-256", body);
  return bodyDigest === base64url.encode(new Uint8Array(digest));
}

/** Upstash documents the digest with padding and sends it without. */
function stripPadding(text: string): string {
  return text.replace(/=+$/, "");
}
