import { incomplete } from "../inbound.ts";
import { integerOf, timeOf } from "../read.ts";
import { cancelReservation as cancel, reserve } from "../reservations.ts";
import { incompleteToken, readToken } from "./remote-transaction.ts";
import type { InboundHandler } from "../turn.ts";

/** H01; without an EVSE it is refused, as `ReservationCtrlr.NonEvseSpecific` says. */
export const reserveNow: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "id");
  const token = readToken(payload);
  const expiresAtMs = timeOf(payload, "expiryDateTime");
  if (id === undefined) return incomplete(payload, "id", "integer");
  if (!token) return incompleteToken(payload);
  if (expiresAtMs === undefined) return incomplete(payload, "expiryDateTime");
  const connectorId = integerOf(payload, "evseId") ?? 0;
  return reserve(turn, { id, connectorId, idToken: token.idToken, expiresAtMs });
};

/** H02 */
export const cancelReservation: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "reservationId");
  return id === undefined ? incomplete(payload, "reservationId", "integer") : cancel(turn, id);
};
