import { z } from "@hono/zod-openapi";
import { commandOperation, expectAnswer, messageOf } from "./command-operation.ts";
import { assertAllowedTarget, instant, shownLocation, transferFields } from "./transfer-target.ts";

const body = z.strictObject({ ...transferFields, retrieveDate: instant });

const MESSAGES = {
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
  bodySchema: body,
  answerSchema: {
    message: z.string(),
    location: z.string(),
    retrieveDate: z.string(),
    ocppRequestId: z.int().nullable(),
    status: z.string(),
  },
  command: (call) => {
    assertAllowedTarget(call);
    return { kind: "updateFirmware", ...call.body };
  },
  present: ({ location, retrieveDate }, { answer, version, chargeBoxId }) => {
    const { status, requestId } = expectAnswer(answer, "transfer");
    // The answer of a 1.6 station is empty: it proves delivery, nothing else.
    const isDeliveryOnly = version === "ocpp1.6" && status === "accepted";
    const message = isDeliveryOnly
      ? "Firmware update request delivered to charger"
      : messageOf(MESSAGES, status);
    const shown = shownLocation(location);
    return { message, chargeBoxId, location: shown, retrieveDate, ocppRequestId: requestId, status };
  },
});
