import { OFFER_HEADER, TRANSPORT_HEADER, type HostOffer } from "../../../session-address.ts";
import type { LiveSocket } from "./live-socket.ts";

/** Whether an object of this deployment is at the other end. The Worker takes the header from everybody else. */
export function isDirect(request: Request): boolean {
  return request.headers.get(TRANSPORT_HEADER) === "direct";
}

/** What the host of a simulated station provisions with its upgrade; null on every other line. */
export function offerOf(request: Request): HostOffer | null {
  const offer = isDirect(request) ? request.headers.get(OFFER_HEADER) : null;
  // Only the host writes it.
  return offer === null ? null : (JSON.parse(offer) as HostOffer);
}

/** A line that an object of this deployment opened no later than `atMs`. */
export function isDirectBefore({ attachment }: LiveSocket, atMs: number): boolean {
  return attachment.direct && attachment.connectedAtMs <= atMs;
}
