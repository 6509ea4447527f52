import type { Handler } from "../handler.ts";
import { needText, optionalText } from "../payload.ts";

/** The event whose subscribers take vendor messages. */
export const DATA_TRANSFER_EVENT = "data_transfer.received";

/**
 * 1.6 §4.3, 2.x P02: accepted when somebody listens. The 1.6 text says UnknownVendor, its schema UnknownVendorId; the
 * schema wins.
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
