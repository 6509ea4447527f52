import { compact } from "../command-script.ts";
import type { TagVerdict } from "../handler.ts";
import type { JsonObject } from "../json.ts";

/** IdTagInfo (OCPP 1.6 §7.27). A status that 1.6 does not have becomes Invalid. */
export function idTagInfo({ status, expiryDate, parentIdTag }: TagVerdict): JsonObject {
  const word = status === "Unknown" || status === "NotAtThisLocation" ? "Invalid" : status;
  return compact({
    status: word,
    expiryDate: expiryDate ?? undefined,
    parentIdTag: parentIdTag === null ? undefined : groupTag(parentIdTag),
  });
}

const ID_TAG_MAX = 20;

/**
 * A group as 1.6 names it. A longer id than 1.6 allows becomes a digest (FNV-1a, 64 bits): cut short, two groups could become
 * one, and their tags would stop each other's transactions.
 */
export function groupTag(groupId: string): string {
  if (groupId.length <= ID_TAG_MAX) return groupId;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(groupId))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return `G${hash.toString(16).padStart(16, "0").toUpperCase()}`;
}
