import type { Handler } from "../handler.ts";
import { needText, optionalText } from "../payload.ts";

/** Event that subscribers of vendor messages subscribe to. */
export const DATA_TRANSFER_EVENT = "data_transfer.received";

/**
 * OCPP 1.6 §4.3, 2.x P02. Accepted if a webhook subscribes to vendor messages. The 1.6 text says UnknownVendor, its
 * schema UnknownVendorId; we send the latter.
 */
export const dataTransfer: Handler = (ctx, payload) => {
  const vendorId = needText(payload, "vendorId", 255);
  const messageId = optionalText(payload, "messageId", 50);
  const responseStatus = ctx.lookups.subscribes(DATA_TRANSFER_EVENT) ? "Accepted" : "UnknownVendorId";
  const data = payload.data ?? null;
  const at = ctx.now.toISOString();
  return {
    answer: { status: responseStatus },
    changes: [],
    events: [{ type: "dataTransferReceived", vendorId, messageId, data, responseStatus, at }],
  };
};
