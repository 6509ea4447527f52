import { incomplete } from "./inbound.ts";
import { textOf } from "./read.ts";
import { arrangeRehearsal, asksForRehearsal } from "./rehearsal.ts";
import type { InboundHandler } from "./turn.ts";

/** The one vendor a simulated station knows: what it is sent comes back, but for the message that rehearses a fault. */
const VENDOR = "Busbar";

export const dataTransfer: InboundHandler = (turn, payload) => {
  const vendorId = textOf(payload, "vendorId");
  if (vendorId === undefined) return incomplete(payload, "vendorId");
  if (vendorId.toLowerCase() !== VENDOR.toLowerCase()) return { result: { status: "UnknownVendorId" } };
  if (asksForRehearsal(payload) && !arrangeRehearsal(turn, payload))
    return { result: { status: "Rejected" } };
  const { data } = payload;
  return { result: { status: "Accepted", ...(data !== undefined && { data }) } };
};
