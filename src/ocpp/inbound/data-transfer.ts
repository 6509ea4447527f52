import type { Handler, Route } from "../handler.ts";
import { needText, optionalText } from "../payload.ts";

/** What has to be known before a vendor message is answered. */
export const vendorOf: NonNullable<Route["needs"]> = (payload) => {
  const vendorId = optionalText(payload, "vendorId", 255);
  return vendorId === null ? {} : { vendorIds: [vendorId] };
};

/**
 * OCPP 1.6 §4.3, 2.x P02. Accepted if a webhook wants messages of the vendor. The 1.6 text says UnknownVendor, its
 * schema UnknownVendorId; we send the latter.
 */
export const dataTransfer: Handler = (ctx, payload) => {
  const vendorId = needText(payload, "vendorId", 255);
  const messageId = optionalText(payload, "messageId", 50);
  const responseStatus = ctx.lookups.wantsVendor(vendorId) ? "Accepted" : "UnknownVendorId";
  const data = payload.data ?? null;
  const at = ctx.now.toISOString();
  return {
    answer: { status: responseStatus },
    changes: [],
    events: [{ type: "dataTransferReceived", vendorId, messageId, data, responseStatus, at }],
  };
};
