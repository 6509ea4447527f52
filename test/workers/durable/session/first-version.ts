/**
 * What the first version does with the credential that a session or a prepared session stores, as it was. Never changed: it stands for
 * a Worker that is deployed again after a later one has written.
 */
interface Digests {
  text: Uint8Array;
  bytes: Uint8Array | null;
}

export interface FirstCredential {
  salt: Uint8Array;
  current: Digests;
  next: (Digests & { settledBy: "nextLogin" | "anyLogin" }) | null;
}

/** Which key the password is, and the credential after that login. @throws TypeError where the stored shape is another */
export async function loginAsFirstVersion(
  secret: string,
  credential: FirstCredential,
  password: string,
): Promise<{ used: "current" | "next" | null; after: FirstCredential }> {
  const { salt, current, next } = credential;
  const given = await digest(secret, salt, new TextEncoder().encode(password));
  const isCurrent = isKey(given, current);
  const isNext = next !== null && isKey(given, next);
  const used = isNext ? "next" : isCurrent ? "current" : null;
  return { used, after: used ? afterLogin(credential, used) : credential };
}

function afterLogin(credential: FirstCredential, used: "current" | "next"): FirstCredential {
  const { salt, next } = credential;
  if (!next) return credential;
  if (used === "next") return { salt, current: { text: next.text, bytes: next.bytes }, next: null };
  return next.settledBy === "anyLogin" ? { ...credential, next: null } : credential;
}

async function digest(secret: string, salt: Uint8Array, password: Uint8Array): Promise<Uint8Array> {
  const salted = new Uint8Array(salt.length + password.length);
  salted.set(salt);
  salted.set(password, salt.length);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, salted));
}

function isKey(given: Uint8Array, { text, bytes }: Digests): boolean {
  const isText = crypto.subtle.timingSafeEqual(given, text);
  const isBytes = crypto.subtle.timingSafeEqual(given, bytes ?? text);
  return isText || isBytes;
}
