import type { KeyDigests, OfferedKey, StoredCredential } from "../../../ports.ts";

/** As an earlier version may have left it: the first knew one offered key only, and knows nothing of the others. */
export function completeCredential(
  stored: Omit<StoredCredential, "offered" | "next"> & Partial<StoredCredential>,
): StoredCredential {
  const { offered = [], next = offered.at(-1) ?? null } = stored;
  const isOurs = isSameKey(next, offered.at(-1) ?? null);
  return withOffered(stored, isOurs ? offered : next ? [next] : []);
}

function isSameKey(one: OfferedKey | null, other: OfferedKey | null): boolean {
  if (one === null || other === null) return one === other;
  return one.text.every((byte, index) => byte === other.text[index]);
}

/** Keeps what a later version may have added. */
export function withOffered<Stored extends { salt: Uint8Array; current: KeyDigests }>(
  credential: Stored,
  offered: OfferedKey[],
): Stored & StoredCredential {
  return { ...credential, offered, next: offered.at(-1) ?? null };
}
