import { compact } from "../command-script.ts";
import type { HandlerContext, Needs, TagVerdict } from "../handler.ts";
import type { JsonObject } from "../json.ts";
import { optionalObject, optionalText } from "../payload.ts";
import { judgeTag } from "../remote-only-tag.ts";
import { TEXT_LENGTH } from "../text-length.ts";

/** The idToken of a message; null when it carries none. */
export function readToken(payload: JsonObject): { token: string; type: string } | null {
  const idToken = optionalObject(payload, "idToken");
  const token = idToken && optionalText(idToken, "idToken", TEXT_LENGTH.idToken);
  return idToken && token !== null ? { token, type: optionalText(idToken, "type", 20) ?? "" } : null;
}

/** What must be looked up for a message that carries an idToken. */
export function tokenNeeds(payload: JsonObject): Partial<Needs> {
  const found = readToken(payload);
  return found && found.type !== "NoAuthorization" ? { idTags: [found.token] } : {};
}

/**
 * A token has one judgement for each session of charging: its certificate, once it was refused for that, and else what is known
 * of it. NoAuthorization is what a station sends that starts without asking (2.x C02): there is nobody to refuse.
 */
export function judgeToken(
  ctx: HandlerContext,
  found: { token: string; type: string },
  isRemote: boolean,
): TagVerdict {
  if (found.type === "NoAuthorization") return { status: "Accepted", expiryDate: null, parentIdTag: null };
  if (ctx.station.refusedTokens.has(found.token.toLowerCase()))
    return { status: "Invalid", expiryDate: null, parentIdTag: null };
  return judgeTag(ctx, found.token, isRemote);
}

/** 2.x idTokenInfo; a known group is told (C09). */
export function idTokenInfo({ status, expiryDate, parentIdTag }: TagVerdict): JsonObject {
  const groupIdToken = parentIdTag === null ? undefined : { idToken: parentIdTag, type: "Central" };
  return compact({ status, cacheExpiryDateTime: expiryDate ?? undefined, groupIdToken });
}
