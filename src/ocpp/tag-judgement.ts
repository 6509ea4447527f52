import type { TagVerdict } from "./handler.ts";

/** An id tag as its organisation stored it, seen from one charger. */
export interface KnownTag {
  readonly blocked: boolean;
  /** Epoch ms; null: it does not expire. */
  readonly expiresAtMs: number | null;
  readonly groupId: string | null;
  /** Type of the token on OCPP 2.x; null: any. */
  readonly type: string | null;
  /** Whether it may be used at this charger. */
  readonly isValidHere: boolean;
}

/** What an organisation decides for its tags. */
export interface TagRules {
  /** Whether a tag that is not stored anywhere may charge. */
  readonly acceptsUnknown: boolean;
  /** How long a station may keep an answer; null: as long as it likes. */
  readonly cacheSeconds: number | null;
  /** Group of the tags that may stop any transaction: they are valid at every charger. */
  readonly masterPassGroupId: string | null;
}

/** How a tag was presented: `type` null where the message has none (1.6), or where the type is not compared. */
export interface PresentedTag {
  readonly type: string | null;
  readonly nowMs: number;
}

/** Tags are compared case-insensitively (OCPP 1.6 §7.28, 2.x IdTokenType): this is the form that is compared. */
export function tagKey(idTag: string): string {
  return idTag.toLowerCase();
}

/** Authorization status of a tag at one charger. `tag` null: the organisation has not stored it. */
export function judgeKnownTag(tag: KnownTag | null, rules: TagRules, presented: PresentedTag): TagVerdict {
  const isOther = tag !== null && tag.type !== null && presented.type !== null && tag.type !== presented.type;
  if (tag === null || isOther) {
    const status = rules.acceptsUnknown ? "Accepted" : "Unknown";
    return { status, expiryDate: cacheExpiry(null, rules, presented), parentIdTag: null };
  }
  return {
    status: statusOf(tag, rules, presented.nowMs),
    expiryDate: cacheExpiry(tag.expiresAtMs, rules, presented),
    parentIdTag: tag.groupId,
  };
}

function statusOf(tag: KnownTag, { masterPassGroupId }: TagRules, nowMs: number): TagVerdict["status"] {
  if (tag.blocked) return "Blocked";
  if (tag.expiresAtMs !== null && tag.expiresAtMs <= nowMs) return "Expired";
  const isMasterPass = tag.groupId !== null && tag.groupId === masterPassGroupId;
  return tag.isValidHere || isMasterPass ? "Accepted" : "NotAtThisLocation";
}

/** When a station has to forget the answer: at the expiry of the tag, or earlier by the rules of the organisation. */
function cacheExpiry(
  expiresAtMs: number | null,
  { cacheSeconds }: TagRules,
  { nowMs }: PresentedTag,
): string | null {
  const untilMs = cacheSeconds === null ? null : nowMs + cacheSeconds * 1000;
  const earliestMs = Math.min(expiresAtMs ?? Infinity, untilMs ?? Infinity);
  return Number.isFinite(earliestMs) ? new Date(earliestMs).toISOString() : null;
}
