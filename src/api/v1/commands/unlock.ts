import { z } from "@hono/zod-openapi";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { connectorNumber } from "./connector-number.ts";

const body = z.strictObject({
  connectorId: connectorNumber(1),
  evseConnectorId: connectorNumber(1).optional(),
});

const MESSAGES = {
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
  bodySchema: body,
  answerSchema: { message: z.string(), connectorId: z.int(), status: z.string() },
  command: ({ body: address }) => ({ kind: "unlock", ...address }),
  present: ({ connectorId }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return { message: messageOf(MESSAGES, status), chargeBoxId, connectorId, status };
  },
});
