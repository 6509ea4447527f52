import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf, textOf, timeOf } from "../read.ts";
import { cancelReservation as cancel, reserve } from "../reservations.ts";

/** OCPP 1.6 5.13 */
export const reserveNow: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const id = integerOf(payload, "reservationId");
  const idToken = textOf(payload, "idTag");
  const expiresAtMs = timeOf(payload, "expiryDate");
  if (connectorId === undefined) return incomplete("connectorId");
  if (id === undefined) return incomplete("reservationId");
  if (idToken === undefined) return incomplete("idTag");
  if (expiresAtMs === undefined) return incomplete("expiryDate");
  return reserve(turn, { id, connectorId, idToken, expiresAtMs });
};

/** OCPP 1.6 5.2 */
export const cancelReservation: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "reservationId");
  return id === undefined ? incomplete("reservationId") : cancel(turn, id);
};
