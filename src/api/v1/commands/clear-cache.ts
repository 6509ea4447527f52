import { z } from "@hono/zod-openapi";
import { noBody } from "../fields.ts";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";

const MESSAGES = { accepted: "Cache cleared successfully", rejected: "Cache clear rejected by charger" };

export const clearCache = commandOperation({
  path: "/cache/clear",
  operationId: "clearCache",
  summary: "Clear the charger's authorization cache",
  bodySchema: noBody,
  answerSchema: { message: z.string(), status: z.string() },
  command: () => ({ kind: "clearCache" }),
  present: (_body, { answer, chargeBoxId }) => {
    const { status } = expectAnswer(answer, "status");
    return { message: messageOf(MESSAGES, status), chargeBoxId, status };
  },
});
