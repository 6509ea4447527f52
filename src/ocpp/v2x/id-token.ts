import { compact } from "../command-script.ts";
import type { HandlerContext, Needs, TagVerdict } from "../handler.ts";
import type { JsonObject } from "../json.ts";
import { optionalObject, optionalText } from "../payload.ts";
import { judgeTag } from "../remote-only-tag.ts";
import { TEXT_LENGTH } from "../text-length.ts";

/** The idToken of a message; null: none. */
export function readToken(payload: JsonObject): { token: string; type: string } | null {
  const idToken = optionalObject(payload, "idToken");
  const token = idToken && optionalText(idToken, "idToken", TEXT_LENGTH.idToken);
  return idToken && token !== null ? { token, type: optionalText(idToken, "type", 20) ?? "" } : null;
}

/** What has to be fetched for a message with an idToken. */
export function tokenNeeds(payload: JsonObject): Partial<Needs> {
  const found = readToken(payload);
  return found && found.type !== "NoAuthorization" ? { idTags: [found.token] } : {};
}

/**
 * Authorization status of a token. Within one charging session it stays refused once its certificate was refused.
 * NoAuthorization is sent by stations that start without authorization (2.x C02) and is accepted.
 */
export function judgeToken(
  ctx: HandlerContext,
  found: { token: string; type: string },
  isRemote: boolean,
): TagVerdict {
  if (found.type === "NoAuthorization") return { status: "Accepted", expiryDate: null, parentIdTag: null };
  if (ctx.station.refusedTokens.has(found.token.toLowerCase()))
    return { status: "Invalid", expiryDate: null, parentIdTag: null };
  return judgeTag(ctx, found.token, isRemote, found.type || null);
}

/** Payload idTokenInfo of 2.x, with the group if it is known (C09). */
export function idTokenInfo({ status, expiryDate, parentIdTag }: TagVerdict): JsonObject {
  const groupIdToken = parentIdTag === null ? undefined : { idToken: parentIdTag, type: "Central" };
  return compact({ status, cacheExpiryDateTime: expiryDate ?? undefined, groupIdToken });
}
