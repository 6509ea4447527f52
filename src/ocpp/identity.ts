/** Characters and length of an identity, without the demand for a letter or digit. */
export const IDENTITY_SHAPE = /^[A-Za-z0-9*+=|@._-]{1,48}$/;

/** Shape of an identity: the 2.x `identifierString` without `:`, which ends the user name in Basic authentication. */
export const IDENTITY_PATTERN = new RegExp(IDENTITY_SHAPE.source.replace("^", "^(?=.*[A-Za-z0-9])"));

export function isIdentity(text: string): boolean {
  return IDENTITY_PATTERN.test(text);
}

/** Identity in a URL path segment, percent-decoded once (OCPP-J 1.6 §3.1.1); null: not a valid identity. */
export function decodeIdentity(segment: string): string | null {
  try {
    const identity = decodeURIComponent(segment);
    return isIdentity(identity) ? identity : null;
  } catch {
    return null;
  }
}
