import { compact } from "../command-script.ts";
import type { TagVerdict } from "../handler.ts";
import type { JsonObject } from "../json.ts";

/** IdTagInfo (OCPP 1.6 §7.27). A status that 1.6 does not have becomes Invalid. */
export function idTagInfo({ status, expiryDate, parentIdTag }: TagVerdict): JsonObject {
  const word = status === "Unknown" || status === "NotAtThisLocation" ? "Invalid" : status;
  return compact({
    status: word,
    expiryDate: expiryDate ?? undefined,
    parentIdTag: parentIdTag ?? undefined,
  });
}
