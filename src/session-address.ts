import type { SessionFact, SessionProvision, SessionRef } from "./ports.ts";

/** Name of a charger's session object. It must never change: stored data depends on it. */
export function sessionName({ organizationSlug, identity }: SessionRef): string {
  return `${organizationSlug}/${identity}`;
}

/**
 * Header of an upgrade between objects of this deployment: `direct` counts as an encrypted transport. Removed from
 * every external request.
 */
export const TRANSPORT_HEADER = "x-busbar-transport";

/**
 * Header of such an upgrade that provisions the session as well: a `HostOffer` as JSON. Removed from every external
 * request.
 */
export const OFFER_HEADER = "x-busbar-offer";

export interface SessionOffer {
  ref: SessionRef;
  input: SessionProvision;
}

/** Offer of a simulator host with the facts that it writes to Postgres itself. */
export interface HostOffer extends SessionOffer {
  /** First facts of the line. The host writes them to Postgres if this upgrade creates the session; the session then does not. */
  facts: SessionFact[];
}

/** Header of the answer to such an upgrade where the session is new: the generation of the facts that the host writes. */
export const GENERATION_HEADER = "x-busbar-generation";

/**
 * Header of an upgrade from an address, or for an identity, that is over its limit of failures: seconds until the limit ends. The
 * session then admits only the station whose last login came from that address. Removed from every external request.
 */
export const FAILURES_HEADER = "x-busbar-failures";

/** IP address of a client, from the header that the edge sets and overwrites; empty: no such header. */
export function clientAddress(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "";
}
