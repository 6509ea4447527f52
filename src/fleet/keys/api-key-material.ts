const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_LENGTH = 43;
const SHAPE = /^cap_(live|test)_[0-9A-Za-z]{43}$/;
const PREFIX_LENGTH = 13;

export type KeyEnvironment = "live" | "test";

/** A new API key. `key` is shown to its owner once; only `prefix` and `digest` are stored. */
export interface ApiKeyMaterial {
  key: string;
  prefix: string;
  digest: string;
}

export async function createApiKeyMaterial(environment: KeyEnvironment): Promise<ApiKeyMaterial> {
  const key = `cap_${environment}_${randomBase62(SECRET_LENGTH)}`;
  return { key, prefix: `${key.slice(0, PREFIX_LENGTH)}****`, digest: await apiKeyDigest(key) };
}

/** Whether a text has the shape of our API keys. Other texts are refused without hashing or a lookup. */
export function looksLikeApiKey(value: string): boolean {
  return SHAPE.test(value);
}

/** SHA-256 of the whole key, lower-case hex. */
export async function apiKeyDigest(key: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    // Bytes from 248 (4 × 62) on are dropped: they would make the first letters of the alphabet more likely.
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62];
    }
  }
  return text;
}
