export interface BasicCredentials {
  user: string;
  password: Uint8Array;
}

/**
 * Reads `Authorization: Basic …` as bytes: a 1.6 password may hold any byte and is never decoded as text. The user is read
 * as one character per byte, which equals an identity exactly when the bytes do. Null when there is none.
 */
export function parseBasic(header: string | null): BasicCredentials | null {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return null;
  const bytes = decodeBase64(encoded);
  const colon = bytes?.indexOf(":") ?? -1;
  if (!bytes || colon < 0) return null;
  const password = Uint8Array.from(bytes.slice(colon + 1), (character) => character.charCodeAt(0));
  return { user: bytes.slice(0, colon), password };
}

/** One character per byte. */
function decodeBase64(encoded: string): string | null {
  try {
    return atob(encoded);
  } catch {
    return null;
  }
}
