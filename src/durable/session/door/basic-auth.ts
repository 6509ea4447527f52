export interface BasicCredentials {
  user: string;
  password: Uint8Array;
}

/**
 * Parses `Authorization: Basic …` as bytes, because a 1.6 password may contain any byte. The user has one character per byte, so
 * it equals an identity if the bytes do. Null: no such header.
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

/** Decodes to one character per byte; null: not base64. */
function decodeBase64(encoded: string): string | null {
  try {
    return atob(encoded);
  } catch {
    return null;
  }
}
