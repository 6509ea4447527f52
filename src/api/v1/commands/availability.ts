import { z } from "@hono/zod-openapi";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { connectorNumber } from "./connector-number.ts";

const body = z.strictObject({
  connectorId: connectorNumber(0).openapi({ description: "0 is the whole charger" }),
  evseConnectorId: connectorNumber(1).optional(),
  type: z.enum(["Operative", "Inoperative"]),
});

const MESSAGES = {
  accepted: "Availability change accepted by charger",
  scheduled: "Availability change scheduled until the transaction ends",
  rejected: "Availability change rejected by charger",
};

export const availability = commandOperation({
  path: "/availability",
  operationId: "changeAvailability",
  summary: "Take a connector or the whole charger in or out of service",
  bodySchema: body,
  answerSchema: { message: z.string(), connectorId: z.int(), type: z.string(), status: z.string() },
  command: ({ body: change }) => ({ kind: "availability", ...change }),
  present: ({ connectorId, type }, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return { message: messageOf(MESSAGES, status), chargeBoxId, connectorId, type, status };
  },
});
