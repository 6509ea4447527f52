import { Webhook } from "standardwebhooks";

const PREFIX = "whsec_";
const GENERATED_BYTES = 32;
const KEY_BYTES_MIN = 16;
const CHARACTERS = { min: 16, max: 256 };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A secret of ours: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(GENERATED_BYTES));
  return PREFIX + btoa(String.fromCharCode(...bytes));
}

/** What is wrong with a secret that a client chose; null: nothing. */
export function secretProblem(secret: string): string | null {
  if (secret.length < CHARACTERS.min || secret.length > CHARACTERS.max || !secret.isWellFormed())
    return `must have ${CHARACTERS.min} to ${CHARACTERS.max} characters`;
  if (!secret.startsWith(PREFIX)) return null;
  const encoded = secret.slice(PREFIX.length);
  const isLong = BASE64.test(encoded) && atob(encoded).length >= KEY_BYTES_MIN;
  return isLong ? null : `must be ${PREFIX} and at least ${KEY_BYTES_MIN} bytes in base64`;
}

/** After `whsec_` the key is base64; any other secret is the key itself, in UTF-8. */
function signerOf(secret: string): Webhook {
  if (secret.startsWith(PREFIX)) return new Webhook(secret);
  return new Webhook(new TextEncoder().encode(secret), { format: "raw" });
}

/** Headers of one attempt, as Standard Webhooks defines them. Each secret makes a signature. */
export function signatureHeaders(
  id: string,
  at: Date,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": secrets.map((secret) => signerOf(secret).sign(id, at, body)).join(" "),
  };
}
