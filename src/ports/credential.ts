/**
 * Salted HMAC-SHA-256 of an authorization key, of both forms that stations send as their password: the text of the
 * key, or the bytes that its hexadecimal digits encode (OCPP-J 1.6 §6.2.2).
 */
export interface KeyDigests {
  text: Uint8Array;
  /** Null: the key is not an even number of hexadecimal digits. */
  bytes: Uint8Array | null;
}

/**
 * A key sent or to be sent to the station, which may or may not have it. "nextLogin": a login with another key
 * discards it. "anyLogin": it is unknown which key the station has, and the login decides.
 */
export interface OfferedKey extends KeyDigests {
  settledBy: "nextLogin" | "anyLogin";
}

/** Digests of all keys that a station may log in with, under one salt. */
export interface StoredCredential {
  salt: Uint8Array;
  current: KeyDigests;
  /** Oldest first. Until a login or an answer settles one of them, the station may use any. */
  offered: OfferedKey[];
  /** The newest of `offered`, read by older releases that know only one offered key. */
  next: OfferedKey | null;
}
