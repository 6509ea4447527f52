import type { HandlerContext, TagVerdict } from "./handler.ts";

/** The id tag of remote starts that name none. Good for a transaction we asked for, never for a tap. */
export const REMOTE_ONLY_TAG = "CAPACITOR";

const ACCEPTED: TagVerdict = { status: "Accepted", expiryDate: null, parentIdTag: null };
const UNKNOWN: TagVerdict = { status: "Unknown", expiryDate: null, parentIdTag: null };

/** What a tag is worth, given whether a remote start of ours stands behind it. */
export function judgeTag(ctx: HandlerContext, idTag: string, isRemote: boolean): TagVerdict {
  if (idTag.toUpperCase() !== REMOTE_ONLY_TAG) return ctx.lookups.tag(idTag);
  return isRemote ? ACCEPTED : UNKNOWN;
}

/** Some stations authorise the tag of a remote start before they start: is one of ours waiting on any connector? */
export function hasRemoteStart(ctx: HandlerContext, idTag: string): boolean {
  const { connectors, transactions } = ctx.station;
  return connectors.some(({ evseId }) => transactions.reservedBy({ evseId, idTag }) !== null);
}
