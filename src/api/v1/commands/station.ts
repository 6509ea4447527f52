import { z } from "@hono/zod-openapi";
import { connectorNumber, noBody } from "../fields.ts";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";

const resetBody = z.strictObject({ type: z.enum(["Soft", "Hard"]) });

export const reset = commandOperation({
  path: "/reset",
  operationId: "resetCharger",
  summary: "Reset a charger: Soft stops transactions gracefully, Hard reboots at once",
  bodySchema: resetBody,
  answerSchema: { message: z.string(), type: z.enum(["Soft", "Hard"]), status: z.string() },
  command: ({ body: { type } }) => ({ kind: "reset", type }),
  present: ({ type }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    const messages = {
      accepted: `${type} reset accepted by charger`,
      rejected: `${type} reset rejected by charger`,
      scheduled: `${type} reset scheduled by charger until no transaction is active`,
    };
    return { message: messageOf(messages, status), chargeBoxId, type, status };
  },
});

const CACHE_MESSAGES = {
  accepted: "Cache cleared successfully",
  rejected: "Cache clear rejected by charger",
};

export const clearCache = commandOperation({
  path: "/cache/clear",
  operationId: "clearCache",
  summary: "Clear the charger's authorization cache",
  bodySchema: noBody,
  answerSchema: { message: z.string(), status: z.string() },
  command: () => ({ kind: "clearCache" }),
  present: (_body, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return { message: messageOf(CACHE_MESSAGES, status), chargeBoxId, status };
  },
});

const triggerBody = z.strictObject({
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

const TRIGGER_MESSAGES = {
  accepted: "Trigger accepted by charger",
  rejected: "Trigger rejected by charger",
  not_implemented: "Message not implemented by charger",
};

export const trigger = commandOperation({
  path: "/trigger",
  operationId: "triggerMessage",
  summary: "Ask a charger to send a message now",
  bodySchema: triggerBody,
  answerSchema: {
    message: z.string(),
    requestedMessage: z.string(),
    connectorId: z.int().nullable(),
    status: z.string(),
  },
  command: ({ body: wanted }) => ({ kind: "trigger", ...wanted }),
  present: ({ requestedMessage, connectorId = null }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return {
      message: messageOf(TRIGGER_MESSAGES, status),
      chargeBoxId,
      requestedMessage,
      connectorId,
      status,
    };
  },
});
