import { createHash, createHmac, randomUUID } from "node:crypto";

const encodedHeader = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url");
const lifetimeSeconds = 300;

/** How a delivery is signed. All but `current` are for tests. */
export type SignatureMode = "current" | "next" | "wrong" | "expired" | "foreign-url" | "tampered" | "none";

export interface SigningKeys {
  currentKey: string;
  nextKey: string;
}

/** `Upstash-Signature` of one attempt (RFC 7515, HS256); a new `jti` each time. */
export function signDelivery(
  keys: SigningKeys,
  url: string,
  body: string,
  mode: SignatureMode = "current",
): string | undefined {
  if (mode === "none") return undefined;
  const issuedAt = Math.floor(Date.now() / 1000) - (mode === "expired" ? 2 * lifetimeSeconds : 0);
  const claims = {
    iss: "Upstash",
    sub: mode === "foreign-url" ? "http://127.0.0.1:9/elsewhere" : url,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + lifetimeSeconds,
    jti: `jwt_${randomUUID()}`,
    body: createHash("sha256")
      .update(mode === "tampered" ? `${body} ` : body)
      .digest("base64url"),
  };
  const signed = `${encodedHeader}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${signed}.${createHmac("sha256", signingKey(keys, mode)).update(signed).digest("base64url")}`;
}

function signingKey(keys: SigningKeys, mode: SignatureMode): string {
  if (mode === "next") return keys.nextKey;
  return mode === "wrong" ? "sig_of_nobody" : keys.currentKey;
}
