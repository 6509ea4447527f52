import type { SessionFact, SessionProvision, SessionRef } from "./ports.ts";

/** Name of a charger's session object. Final: data hangs on it. */
export function sessionName({ organizationSlug, identity }: SessionRef): string {
  return `${organizationSlug}/${identity}`;
}

/**
 * Header of an upgrade that one object of this deployment hands to another: `direct` counts as an encrypted transport. Taken
 * away from every request that comes from outside.
 */
export const TRANSPORT_HEADER = "x-busbar-transport";

/** Header of such an upgrade that provisions the session on the way; taken away likewise. Holds a `HostOffer` as JSON. */
export const OFFER_HEADER = "x-busbar-offer";

export interface SessionOffer {
  ref: SessionRef;
  input: SessionProvision;
}

export interface HostOffer extends SessionOffer {
  /** What the host tells Postgres by itself should the session be new: it does not tell it a second time. */
  news: SessionFact[];
}

/** Header of the answer to such an upgrade where the session is new: the generation that the news of the line has. */
export const GENERATION_HEADER = "x-busbar-generation";

/**
 * Header of an upgrade from an address, or for an identity, over its limit of failures: seconds until that ends. The session
 * lets in nobody but the station that logged in from there last. Taken away from every request that comes from outside.
 */
export const FAILURES_HEADER = "x-busbar-failures";

/** Where a station connects from. Set by the edge, which overwrites what a client sends; empty where there is none. */
export function clientAddress(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "";
}
