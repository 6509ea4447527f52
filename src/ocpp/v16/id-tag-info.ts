import { compact } from "../command-script.ts";
import type { TagVerdict } from "../handler.ts";
import type { JsonObject } from "../json.ts";

/** OCPP 1.6 §7.27; 1.6 has no word for a tag that is good elsewhere only. */
export function idTagInfo({ status, expiryDate, parentIdTag }: TagVerdict): JsonObject {
  const word = status === "Unknown" || status === "NotAtThisLocation" ? "Invalid" : status;
  return compact({
    status: word,
    expiryDate: expiryDate ?? undefined,
    parentIdTag: parentIdTag ?? undefined,
  });
}
