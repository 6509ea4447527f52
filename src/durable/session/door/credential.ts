import type { KeyDigests, OfferedKey, StoredCredential } from "../../../ports.ts";
import { withOffered } from "../storage/stored-credential.ts";

/** 1.6 AuthorizationKey: at least 16 bytes; 2.x BasicAuthPassword: at least 16 characters. */
const KEY_LENGTH_MIN = 16;
const SALT_LENGTH = 16;
/** Keys offered before these are forgotten: whoever offers that many has no station that took one of them. */
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

/** @throws RangeError for a key that is too short to be safe. */
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

/** A credential with one key, offered to nobody. */
export function onlyKey(salt: Uint8Array, current: KeyDigests): StoredCredential {
  return { salt, current, offered: [], next: null };
}

export const newSalt = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SALT_LENGTH));

/** Which of the stored keys the password is, null for none; every comparison takes the same time. */
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

/** What a successful login settles; the same object when nothing changes. */
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

/** This key becomes the only one, but for those that were offered after it. */
export function settledOn(credential: StoredCredential, key: KeyDigests): StoredCredential {
  const { offered } = credential;
  const at = offered.findIndex((one) => one === key);
  if (at < 0) return credential;
  const current = { text: key.text, bytes: key.bytes };
  return withOffered({ ...credential, current }, offered.slice(at + 1));
}

/** The key is another one from now on; null: it is worth nothing. */
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
