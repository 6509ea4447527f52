import { z } from "@hono/zod-openapi";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";

const body = z.strictObject({ type: z.enum(["Soft", "Hard"]) });

export const reset = commandOperation({
  path: "/reset",
  operationId: "resetCharger",
  summary: "Reset a charger: Soft stops transactions gracefully, Hard reboots at once",
  bodySchema: body,
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
