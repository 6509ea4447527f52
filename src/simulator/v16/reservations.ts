import { incomplete } from "../inbound.ts";
import { integerOf, textOf, timeOf } from "../read.ts";
import { cancelReservation as cancel, reserve } from "../reservations.ts";
import type { InboundHandler } from "../turn.ts";

/** OCPP 1.6 5.13 */
export const reserveNow: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const id = integerOf(payload, "reservationId");
  const idToken = textOf(payload, "idTag");
  const expiresAtMs = timeOf(payload, "expiryDate");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (id === undefined) return incomplete(payload, "reservationId", "integer");
  if (idToken === undefined) return incomplete(payload, "idTag");
  if (expiresAtMs === undefined) return incomplete(payload, "expiryDate");
  return reserve(turn, { id, connectorId, idToken, expiresAtMs });
};

/** OCPP 1.6 5.2 */
export const cancelReservation: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "reservationId");
  return id === undefined ? incomplete(payload, "reservationId", "integer") : cancel(turn, id);
};
