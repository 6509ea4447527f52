import type { Handler } from "../../handler.ts";
import { notice } from "../../inbound/simple-handlers.ts";
import { needInteger, optionalText } from "../../payload.ts";

/** ReservationStatusUpdate (OCPP 2.x H04): the reservation expired or was removed. */
export const reservationStatusUpdate: Handler = (ctx, payload) => {
  const reservationId = needInteger(payload, "reservationId");
  const reportedStatus = optionalText(payload, "reservationUpdateStatus") ?? "Removed";
  const events = [notice("ReservationStatusUpdate", ctx, payload)];
  return { answer: {}, changes: [{ type: "reservationEnded", reservationId, reportedStatus }], events };
};
