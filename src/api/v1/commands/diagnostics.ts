import { z } from "@hono/zod-openapi";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { stationText } from "../station-text.ts";
import { assertAllowedTarget, instant, transferFields } from "./transfer-target.ts";

const body = z
  .strictObject({ ...transferFields, startTime: instant.optional(), stopTime: instant.optional() })
  .refine(
    ({ startTime, stopTime }) => startTime === undefined || stopTime === undefined || startTime <= stopTime,
    { path: ["stopTime"], error: "must not be before startTime" },
  );

const FILE_NAME_LENGTH_MAX = 255;

const MESSAGES = {
  accepted: "Diagnostics upload accepted by charger",
  accepted_canceled: "Diagnostics upload accepted by charger, an earlier one was canceled",
  rejected: "Diagnostics upload rejected by charger",
  not_available: "Charger has no diagnostics for this request",
};

export const diagnostics = commandOperation({
  path: "/diagnostics",
  operationId: "requestDiagnostics",
  summary: "Have a charger upload its diagnostics",
  bodySchema: body,
  answerSchema: {
    message: z.string(),
    fileName: z.string().nullable(),
    ocppRequestId: z.int().nullable(),
    status: z.string(),
  },
  command: (call) => {
    assertAllowedTarget(call);
    return { kind: "diagnostics", ...call.body };
  },
  present: (_body, { answer, chargeBoxId }) => {
    const { status, requestId, fileName } = expectAnswer(answer, "transfer");
    return {
      message: messageOf(MESSAGES, status),
      chargeBoxId,
      // Some stations name the file by the whole URL they were given.
      fileName: fileName && stationText(fileName, FILE_NAME_LENGTH_MAX),
      ocppRequestId: requestId,
      status,
    };
  },
});
