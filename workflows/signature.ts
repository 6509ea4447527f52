import { z } from "zod";

export interface SignedRequest {
  token: string;
  /** Current key first, then the next one. */
  keys: [string, string];
  /** Configured base URL and path, never the Host header. */
  url: string;
  nowSeconds: number;
}

/** `bodyDigest` is what `matchesBody` asks for. */
export type Verdict = { valid: true; id: string; bodyDigest: string } | { valid: false; reason: string };

const TOKEN_CHARACTERS_MAX = 4096;
const TOLERANCE_SECONDS = 5;
const LIFETIME_SECONDS_MAX = 600;

const headerSchema = z.object({ alg: z.literal("HS256") });
const claimsSchema = z.object({
  iss: z.literal("Upstash"),
  sub: z.string(),
  exp: z.number(),
  nbf: z.number(),
  iat: z.number(),
  jti: z.string().min(1).max(128),
  body: z.string(),
});

const invalid = (reason: string): Verdict => ({ valid: false, reason });

/**
 * Checks a delivery's token (JWT, HS256) against URL and time, which needs no byte of its body. Resolves to the token's id.
 * Upstash documents the claims under "Verify Signatures"; headers are not covered by the signature.
 */
export async function verifySignature(request: SignedRequest): Promise<Verdict> {
  const parts = request.token.split(".");
  const [head, payload, signature] = parts;
  if (request.token.length > TOKEN_CHARACTERS_MAX || parts.length !== 3) return invalid("token shape");
  if (!headerSchema.safeParse(readJson(head)).success) return invalid("algorithm");
  if (!(await signedByOneOf(request.keys, `${head}.${payload}`, signature ?? "")))
    return invalid("signature");
  const claims = claimsSchema.safeParse(readJson(payload));
  if (!claims.success) return invalid("claims");
  const { sub, exp, nbf, iat, jti, body } = claims.data;
  const now = request.nowSeconds;
  if (exp + TOLERANCE_SECONDS < now || nbf - TOLERANCE_SECONDS > now) return invalid("time");
  if (exp - iat > LIFETIME_SECONDS_MAX) return invalid("lifetime");
  if (URL.parse(sub)?.href !== URL.parse(request.url)?.href) return invalid("url");
  return { valid: true, id: jti, bodyDigest: stripPadding(body) };
}

/** Is this the body that was signed? */
export async function matchesBody(bodyDigest: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return bodyDigest === (await sha256(body));
}

async function signedByOneOf(keys: string[], text: string, signature: string): Promise<boolean> {
  const given = decode(signature);
  if (given === null) return false;
  for (const key of keys) {
    const imported = await importKey(key);
    if (await crypto.subtle.verify("HMAC", imported, given, new TextEncoder().encode(text))) return true;
  }
  return false;
}

const imported = new Map<string, ReturnType<typeof crypto.subtle.importKey>>();

function importKey(key: string): ReturnType<typeof crypto.subtle.importKey> {
  const known = imported.get(key);
  if (known) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const made = crypto.subtle.importKey("raw", new TextEncoder().encode(key), algorithm, false, ["verify"]);
  imported.set(key, made);
  return made;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return stripPadding(
    btoa(String.fromCharCode(...digest))
      .replaceAll("+", "-")
      .replaceAll("/", "_"),
  );
}

function stripPadding(text: string): string {
  return text.replace(/=+$/, "");
}

function decode(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) =>
      letter.charCodeAt(0),
    );
  } catch {
    return null;
  }
}

function readJson(part: string | undefined): unknown {
  const bytes = decode(part ?? "");
  if (bytes === null) return null;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
