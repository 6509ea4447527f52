import { incomplete, type InboundHandler } from "./inbound.ts";
import { textOf } from "./read.ts";

/** The one vendor a simulated station knows: what it is sent comes back. */
const VENDOR = "Busbar";

export const dataTransfer: InboundHandler = (_turn, payload) => {
  const vendorId = textOf(payload, "vendorId");
  if (vendorId === undefined) return incomplete("vendorId");
  if (vendorId.toLowerCase() !== VENDOR.toLowerCase()) return { result: { status: "UnknownVendorId" } };
  const { data } = payload;
  return { result: { status: "Accepted", ...(data !== undefined && { data }) } };
};
