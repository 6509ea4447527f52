import { z } from "@hono/zod-openapi";
import { NotFound } from "../../../errors.ts";
import { redact } from "../../../ocpp/redact.ts";
import type { DataTransferRow, TransferError } from "../../../ports.ts";
import { chargeBoxId, chargerPath, queryInteger, text, timestamp } from "../fields.ts";
import { defineOperation } from "../surface.ts";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { guard } from "./guard.ts";

const transferBody = z.strictObject({
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
  bodySchema: transferBody,
  answerSchema: {
    message: z.string(),
    vendorId: z.string(),
    messageId: z.string().nullable(),
    status: z.string(),
    responseData: z.string().nullable(),
  },
  // An empty message id is left out (OCPP part 4, 4.1).
  command: async (call) => {
    await guard(call, "DataTransfer");
    const { messageId, ...transfer } = call.body;
    return { kind: "dataTransfer", ...transfer, ...(messageId ? { messageId } : {}) };
  },
  present: ({ vendorId, messageId }, { answer, chargeBoxId }) => {
    const { status, responseData } = expectAnswer(answer, "dataTransfer");
    const message = messageOf(MESSAGES, status);
    const shown = responseData === null ? null : String(redact(responseData));
    return { message, chargeBoxId, vendorId, messageId: messageId || null, status, responseData: shown };
  },
});

/** `error.code` of the answer to the request whose transfer failed. */
const ERROR_CODES: Record<TransferError, string> = {
  stationError: "OCPP_ERROR",
  invalidAnswer: "INVALID_RESPONSE",
  incompleteReport: "INCOMPLETE_REPORT",
  timeout: "TIMEOUT",
  lost: "CONNECTION_LOST",
  offline: "SERVICE_UNAVAILABLE",
  unavailable: "SERVICE_UNAVAILABLE",
  busy: "CHARGER_BUSY",
  notAccepted: "CONFLICT",
  invalidCommand: "VALIDATION_ERROR",
};

const dataTransferRow = z.object({
  id: z.string().openapi({ example: "dt_01JKB2M3N4P5Q6R7S8T9V0W1X2" }),
  direction: z.enum(["outgoing", "incoming"]),
  vendorId: z.string(),
  messageId: z.string().nullable(),
  data: z.string().nullable(),
  responseStatus: z.string().nullable(),
  responseData: z.string().nullable(),
  error: z.string().optional().openapi({ description: "Why an outgoing transfer got no answer" }),
  createdAt: timestamp,
});

export const listDataTransfers = defineOperation({
  method: "get",
  path: "/chargers/{chargeBoxId}/data-transfer",
  operationId: "listDataTransfers",
  summary: "List the newest vendor messages of both directions, newest first; works offline",
  tag: "Charger commands",
  role: "viewer",
  params: chargerPath,
  query: z.object({ limit: queryInteger({ min: 1, max: 100, fallback: 20 }) }),
  success: {
    status: 200,
    description: "The transfers",
    schema: z.object({ chargeBoxId, dataTransfers: z.array(dataTransferRow), count: z.int() }),
  },
  refusals: [404],
  handle: async ({ ports, organization, path, query }) => {
    const identity = path.chargeBoxId;
    const ref = { organizationSlug: organization.slug, identity };
    const rows = await ports.sessions.dataTransfers(ref, query.limit);
    if (rows === null && !(await ports.chargers.findByIdentity(organization.id, identity)))
      throw new NotFound("Charger", identity);
    const dataTransfers = (rows ?? []).map(rowBody);
    return { chargeBoxId: identity, dataTransfers, count: dataTransfers.length };
  },
});

function rowBody({ atMs, error, ...row }: DataTransferRow): z.infer<typeof dataTransferRow> {
  const failure = error === null ? {} : { error: ERROR_CODES[error] };
  return { ...row, ...failure, createdAt: new Date(atMs).toISOString() };
}
