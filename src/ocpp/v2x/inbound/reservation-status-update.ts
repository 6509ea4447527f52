import type { Handler } from "../../handler.ts";
import { needInteger } from "../../payload.ts";

/** OCPP 2.x H04: expired or removed, the reservation is over. */
export const reservationStatusUpdate: Handler = (_ctx, payload) => {
  const reservationId = needInteger(payload, "reservationId");
  return { answer: {}, changes: [{ type: "reservationEnded", reservationId }], events: [] };
};
