import { z } from "@hono/zod-openapi";
import { text } from "../fields.ts";
import { commandOperation, expectAnswer } from "./command-operation.ts";

/** A full report of a 2.x station comes in many messages. */
const FULL_REPORT_SECONDS = 60;
const TIMEOUT_SECONDS = 30;

const body = z.strictObject({ key: z.array(text(1, 200)).max(100).optional() });

const entry = z.object({ key: z.string(), readonly: z.boolean(), value: z.string().optional() });

export const getConfiguration = commandOperation({
  path: "/configuration/get",
  operationId: "getConfiguration",
  summary: "Read configuration keys; none named means all",
  bodySchema: body,
  answerSchema: { configurationKey: z.array(entry), unknownKey: z.array(z.string()) },
  command: ({ body: { key } }) => ({ kind: "getConfiguration", keys: key ?? [] }),
  timeoutSeconds: ({ key }) =>
    key === undefined || key.length === 0 ? FULL_REPORT_SECONDS : TIMEOUT_SECONDS,
  present: (_body, { answer, chargeBoxId }) => {
    const { configurationKey, unknownKey } = expectAnswer(answer, "configuration");
    return { chargeBoxId, configurationKey, unknownKey };
  },
});
