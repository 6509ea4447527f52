import { OFFER_HEADER, TRANSPORT_HEADER, type HostOffer } from "../../../session-address.ts";
import type { LiveSocket } from "./live-socket.ts";

/** Whether the peer is an object of this deployment. The Worker removes the header from external requests. */
export function isDirect(request: Request): boolean {
  return request.headers.get(TRANSPORT_HEADER) === "direct";
}

/** Provisioning that a host sends with the upgrade of its station; null on other lines. */
export function offerOf(request: Request): HostOffer | null {
  const offer = isDirect(request) ? request.headers.get(OFFER_HEADER) : null;
  // Written by hosts of this deployment alone.
  return offer === null ? null : (JSON.parse(offer) as HostOffer);
}

/** Whether the line is direct and was opened by `atMs`. */
export function isDirectBefore({ attachment }: LiveSocket, atMs: number): boolean {
  return attachment.direct && attachment.connectedAtMs <= atMs;
}
