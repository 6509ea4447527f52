import type { HandlerContext, TagVerdict } from "./handler.ts";

/**
 * Id tag of remote starts without an id tag. It is accepted for a transaction that we started remotely, and rejected
 * when a card has it.
 */
const REMOTE_ONLY_TAG = "CAPACITOR";

export function isRemoteOnlyTag(idTag: string): boolean {
  return idTag.toUpperCase() === REMOTE_ONLY_TAG;
}

const ACCEPTED: TagVerdict = { status: "Accepted", expiryDate: null, parentIdTag: null };
const UNKNOWN: TagVerdict = { status: "Unknown", expiryDate: null, parentIdTag: null };

/**
 * Authorization status of a tag. `isRemote`: the message belongs to a remote start of ours, which gives every token the type
 * Central. `type`: that of the token; null on 1.6.
 */
export function judgeTag(
  ctx: HandlerContext,
  idTag: string,
  isRemote: boolean,
  type: string | null = null,
): TagVerdict {
  if (!isRemoteOnlyTag(idTag)) return ctx.lookups.tag(idTag, isRemote ? null : type);
  return isRemote ? ACCEPTED : UNKNOWN;
}

/**
 * Whether a remote start with this tag is waiting on any connector. Some stations send Authorize for it before they
 * start.
 */
export function hasRemoteStart(ctx: HandlerContext, idTag: string): boolean {
  return ctx.station.remoteStarts.isAwaited(idTag);
}
