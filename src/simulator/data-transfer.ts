import { incomplete, type InboundHandler } from "./inbound.ts";
import { textOf } from "./read.ts";

/** A plain station knows no vendor's extensions. */
export const dataTransfer: InboundHandler = (_turn, payload) =>
  textOf(payload, "vendorId") === undefined
    ? incomplete("vendorId")
    : { result: { status: "UnknownVendorId" } };
