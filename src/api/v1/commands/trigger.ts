import { z } from "@hono/zod-openapi";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { connectorNumber } from "./connector-number.ts";

const body = z.strictObject({
  requestedMessage: z.enum([
    "BootNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
  ]),
  connectorId: connectorNumber(1).optional(),
  evseConnectorId: connectorNumber(1).optional(),
});

const MESSAGES = {
  accepted: "Trigger accepted by charger",
  rejected: "Trigger rejected by charger",
  not_implemented: "Message not implemented by charger",
};

export const trigger = commandOperation({
  path: "/trigger",
  operationId: "triggerMessage",
  summary: "Ask a charger to send a message now",
  bodySchema: body,
  answerSchema: {
    message: z.string(),
    requestedMessage: z.string(),
    connectorId: z.int().nullable(),
    status: z.string(),
  },
  command: ({ body: wanted }) => ({ kind: "trigger", ...wanted }),
  present: ({ requestedMessage, connectorId = null }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return { message: messageOf(MESSAGES, status), chargeBoxId, requestedMessage, connectorId, status };
  },
});
