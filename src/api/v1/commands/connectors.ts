import { z } from "@hono/zod-openapi";
import { connectorNumber } from "../fields.ts";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";

const unlockBody = z.strictObject({
  connectorId: connectorNumber(1),
  evseConnectorId: connectorNumber(1).optional(),
});

const UNLOCK_MESSAGES = {
  unlocked: "Connector unlocked successfully",
  unlock_failed: "Connector unlock failed",
  not_supported: "Unlocking is not supported by charger",
  ongoing_transaction: "Connector not unlocked: an authorised transaction is running",
  unknown_connector: "Connector unknown to charger",
};

export const unlock = commandOperation({
  path: "/unlock",
  operationId: "unlockConnector",
  summary: "Unlock a connector",
  bodySchema: unlockBody,
  answerSchema: { message: z.string(), connectorId: z.int(), status: z.string() },
  command: ({ body: address }) => ({ kind: "unlock", ...address }),
  present: ({ connectorId }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return { message: messageOf(UNLOCK_MESSAGES, status), chargeBoxId, connectorId, status };
  },
});

const availabilityBody = z.strictObject({
  connectorId: connectorNumber(0).openapi({ description: "0 is the whole charger" }),
  evseConnectorId: connectorNumber(1).optional(),
  type: z.enum(["Operative", "Inoperative"]),
});

const AVAILABILITY_MESSAGES = {
  accepted: "Availability change accepted by charger",
  scheduled: "Availability change scheduled until the transaction ends",
  rejected: "Availability change rejected by charger",
};

export const availability = commandOperation({
  path: "/availability",
  operationId: "changeAvailability",
  summary: "Take a connector or the whole charger in or out of service",
  bodySchema: availabilityBody,
  answerSchema: { message: z.string(), connectorId: z.int(), type: z.string(), status: z.string() },
  command: ({ body: change }) => ({ kind: "availability", ...change }),
  present: ({ connectorId, type }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return { message: messageOf(AVAILABILITY_MESSAGES, status), chargeBoxId, connectorId, type, status };
  },
});
