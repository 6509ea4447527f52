import { z } from "@hono/zod-openapi";
import { transferUrlFault } from "../../../fleet/address/transfer-url.ts";
import { redact } from "../../../ocpp/redact.ts";
import { stationText } from "../command-failure.ts";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { guard } from "./guard.ts";

const INT32_MAX = 2_147_483_647;

/** Fields of a file transfer. The station opens the URL; the server does not. */
const transferFields = {
  location: z
    .string()
    .max(512)
    .superRefine((location, ctx) => {
      const message = transferUrlFault(location);
      if (message !== null) ctx.addIssue({ code: "custom", message });
    })
    .openapi({ format: "uri" }),
  retries: z.int().min(0).max(INT32_MAX).optional(),
  retryInterval: z.int().min(0).max(INT32_MAX).optional().openapi({ description: "Seconds" }),
};

/** A time with its offset, as ISO 8601 in UTC. */
const instant = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 time with an offset" })
  .transform((time) => new Date(time).toISOString());

/** The URL without its user information. */
function shownLocation(location: string): string {
  return String(redact(location));
}

const firmwareBody = z.strictObject({ ...transferFields, retrieveDate: instant });

const FIRMWARE_MESSAGES = {
  accepted: "Firmware update accepted by charger",
  accepted_canceled: "Firmware update accepted by charger, an earlier one was canceled",
  rejected: "Firmware update rejected by charger",
  invalid_certificate: "Firmware signing certificate invalid to charger",
  revoked_certificate: "Firmware signing certificate revoked",
};

export const updateFirmware = commandOperation({
  path: "/firmware/update",
  operationId: "updateFirmware",
  summary: "Have a charger fetch and install a firmware",
  bodySchema: firmwareBody,
  answerSchema: {
    message: z.string(),
    location: z.string(),
    retrieveDate: z.string(),
    ocppRequestId: z.int().nullable(),
    status: z.string(),
  },
  command: async (call) => {
    await guard(call, "UpdateFirmware");
    return { kind: "updateFirmware", ...call.body };
  },
  present: ({ location, retrieveDate }, { answer, version, chargeBoxId }) => {
    const { status, requestId } = expectAnswer(answer, "transfer");
    // UpdateFirmware.conf of OCPP 1.6 is empty: it proves delivery only.
    const isDeliveryOnly = version === "ocpp1.6" && status === "accepted";
    const message = isDeliveryOnly
      ? "Firmware update request delivered to charger"
      : messageOf(FIRMWARE_MESSAGES, status);
    const shown = shownLocation(location);
    return { message, chargeBoxId, location: shown, retrieveDate, ocppRequestId: requestId, status };
  },
});

const diagnosticsBody = z
  .strictObject({ ...transferFields, startTime: instant.optional(), stopTime: instant.optional() })
  .refine(
    ({ startTime, stopTime }) => startTime === undefined || stopTime === undefined || startTime <= stopTime,
    { path: ["stopTime"], error: "must not be before startTime" },
  );

const FILE_NAME_LENGTH_MAX = 255;

const DIAGNOSTICS_MESSAGES = {
  accepted: "Diagnostics upload accepted by charger",
  accepted_canceled: "Diagnostics upload accepted by charger, an earlier one was canceled",
  rejected: "Diagnostics upload rejected by charger",
  not_available: "Charger has no diagnostics for this request",
};

export const diagnostics = commandOperation({
  path: "/diagnostics",
  operationId: "requestDiagnostics",
  summary: "Have a charger upload its diagnostics",
  bodySchema: diagnosticsBody,
  answerSchema: {
    message: z.string(),
    fileName: z.string().nullable(),
    ocppRequestId: z.int().nullable(),
    status: z.string(),
  },
  command: async (call) => {
    await guard(call, "GetDiagnostics");
    return { kind: "diagnostics", ...call.body };
  },
  present: (_body, { answer, chargeBoxId }) => {
    const { status, requestId, fileName } = expectAnswer(answer, "transfer");
    return {
      message: messageOf(DIAGNOSTICS_MESSAGES, status),
      chargeBoxId,
      // Some stations answer with the whole URL as the file name.
      fileName: fileName && stationText(fileName, FILE_NAME_LENGTH_MAX),
      ocppRequestId: requestId,
      status,
    };
  },
});
