import type { KeyDigests, OfferedKey, StoredCredential } from "../../../ports.ts";
import { withOffered } from "../storage/stored-credential.ts";

/** Minimum length in bytes (1.6 AuthorizationKey: 16 bytes; 2.x BasicAuthPassword: 16 characters). */
const KEY_LENGTH_MIN = 16;
const SALT_LENGTH = 16;
/** Most offered keys kept; older ones are dropped. The station took none of them. */
const OFFERED_MAX = 8;

const keys = new Map<string, Promise<CryptoKey>>();

function importKey(secret: string): Promise<CryptoKey> {
  let key = keys.get(secret);
  if (!key) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    key = crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["sign"]);
    keys.set(secret, key);
  }
  return key;
}

async function digest(secret: string, salt: Uint8Array, password: Uint8Array): Promise<Uint8Array> {
  const salted = new Uint8Array(salt.length + password.length);
  salted.set(salt);
  salted.set(password, salt.length);
  return new Uint8Array(await crypto.subtle.sign("HMAC", await importKey(secret), salted));
}

function hexBytes(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

/** Digests of a key, as text and, if it is hex, as bytes. @throws RangeError if it is too short */
export async function digestKey(secret: string, salt: Uint8Array, key: string): Promise<KeyDigests> {
  const text = new TextEncoder().encode(key);
  if (text.length < KEY_LENGTH_MIN) throw new RangeError("An authorization key has at least 16 characters");
  const bytes = hexBytes(key);
  const [ofText, ofBytes] = await Promise.all([
    digest(secret, salt, text),
    bytes && digest(secret, salt, bytes),
  ]);
  return { text: ofText, bytes: ofBytes };
}

export async function newCredential(secret: string, key: string): Promise<StoredCredential> {
  const salt = newSalt();
  return onlyKey(salt, await digestKey(secret, salt, key));
}

/** Credential with one key and no offered ones. */
export function onlyKey(salt: Uint8Array, current: KeyDigests): StoredCredential {
  return { salt, current, offered: [], next: null };
}

export const newSalt = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SALT_LENGTH));

/** The stored key that the password matches; null: none. Comparisons take constant time. */
export async function matchPassword(
  secret: string,
  { salt, current, offered }: StoredCredential,
  password: Uint8Array,
): Promise<KeyDigests | null> {
  const given = await digest(secret, salt, password);
  return [current, ...offered].filter((key) => isKey(given, key)).at(-1) ?? null;
}

function isKey(given: Uint8Array, { text, bytes }: KeyDigests): boolean {
  const isText = crypto.subtle.timingSafeEqual(given, text);
  const isBytes = crypto.subtle.timingSafeEqual(given, bytes ?? text);
  return isText || isBytes;
}

/** Credential after a login with the key `used`. Returns the same object if nothing changes. */
export function afterLogin(credential: StoredCredential, used: KeyDigests): StoredCredential {
  if (credential.offered.length === 0) return credential;
  const settled = settledOn(credential, used);
  return withOffered(
    settled,
    settled.offered.filter(({ settledBy }) => settledBy === "nextLogin"),
  );
}

export function withOffer(credential: StoredCredential, key: OfferedKey): StoredCredential {
  return withOffered(credential, [...credential.offered, key].slice(-OFFERED_MAX));
}

/** Makes an offered key the current one. Older offered keys are dropped, newer ones stay. */
export function settledOn(credential: StoredCredential, key: KeyDigests): StoredCredential {
  const { offered } = credential;
  const at = offered.findIndex((one) => one === key);
  if (at < 0) return credential;
  const current = { text: key.text, bytes: key.bytes };
  return withOffered({ ...credential, current }, offered.slice(at + 1));
}

/** Replaces an offered key; `by` null: removes it. */
export function withOfferReplaced(
  credential: StoredCredential,
  key: OfferedKey,
  by: OfferedKey | null,
): StoredCredential {
  return withOffered(
    credential,
    credential.offered.flatMap((one) => (one === key ? (by ?? []) : one)),
  );
}
