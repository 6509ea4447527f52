import type { KeyDigests, StoredCredential } from "../../ports.ts";

export type { StoredCredential } from "../../ports.ts";

/** 1.6 AuthorizationKey: at least 16 bytes; 2.x BasicAuthPassword: at least 16 characters. */
const KEY_LENGTH_MIN = 16;
const SALT_LENGTH = 16;

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
  const salt = crypto.getRandomValues(new Uint8Array(SALT_LENGTH));
  return { salt, current: await digestKey(secret, salt, key), next: null };
}

/** Which of the stored keys the password is; every comparison takes the same time. */
export async function matchPassword(
  secret: string,
  { salt, current, next }: StoredCredential,
  password: Uint8Array,
): Promise<"current" | "next" | null> {
  const given = await digest(secret, salt, password);
  const isCurrent = isKey(given, current);
  const isNext = next !== null && isKey(given, next);
  if (isNext) return "next";
  return isCurrent ? "current" : null;
}

function isKey(given: Uint8Array, { text, bytes }: KeyDigests): boolean {
  const isText = crypto.subtle.timingSafeEqual(given, text);
  const isBytes = crypto.subtle.timingSafeEqual(given, bytes ?? text);
  return isText || isBytes;
}

/** What a successful login settles; the same object when nothing changes. */
export function afterLogin(credential: StoredCredential, used: "current" | "next"): StoredCredential {
  const { next } = credential;
  if (!next) return credential;
  if (used === "next") return promoteNext(credential);
  return next.settledBy === "anyLogin" ? { ...credential, next: null } : credential;
}

/** `next` becomes the only key. */
export function promoteNext(credential: StoredCredential): StoredCredential {
  const { salt, next } = credential;
  return next ? { salt, current: { text: next.text, bytes: next.bytes }, next: null } : credential;
}
