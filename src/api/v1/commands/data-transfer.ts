import { z } from "@hono/zod-openapi";
import { redact } from "../../../ocpp/redact.ts";
import { text } from "../fields.ts";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";

const body = z.strictObject({
  vendorId: text(1, 255),
  messageId: text(0, 50).optional(),
  data: z.string().max(65_536).optional(),
});

const MESSAGES = {
  Accepted: "DataTransfer accepted by charger",
  Rejected: "DataTransfer rejected by charger",
  UnknownMessageId: "Message id unknown to charger",
  UnknownVendorId: "Vendor id unknown to charger",
};

export const dataTransfer = commandOperation({
  path: "/data-transfer",
  operationId: "sendDataTransfer",
  summary: "Send a vendor's own message to a charger",
  bodySchema: body,
  answerSchema: {
    message: z.string(),
    vendorId: z.string(),
    messageId: z.string().nullable(),
    status: z.string(),
    responseData: z.string().nullable(),
  },
  // OCPP leaves an empty id out (part 4, 4.1).
  command: ({ body: { messageId, ...transfer } }) => ({
    kind: "dataTransfer",
    ...transfer,
    ...(messageId ? { messageId } : {}),
  }),
  present: ({ vendorId, messageId }, { answer, chargeBoxId }) => {
    const { status, responseData } = expectAnswer(answer, "dataTransfer");
    const message = messageOf(MESSAGES, status);
    const shown = responseData === null ? null : String(redact(responseData));
    return { message, chargeBoxId, vendorId, messageId: messageId || null, status, responseData: shown };
  },
});
