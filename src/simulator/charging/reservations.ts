import { call } from "../line/calls.ts";
import { reportStatuses } from "./connectors.ts";
import { statusOf, type Reservation } from "../station/state.ts";
import type { Turn, Answer } from "../station/turn.ts";

/** Reserves a connector; a reservation with the same id is replaced. Connector 0 cannot be reserved. */
export function reserve(turn: Turn, reservation: Reservation): Answer {
  const { memory, profile } = turn.state;
  const { id, connectorId, expiresAtMs } = reservation;
  const others = memory.reservations.filter((each) => each.id !== id);
  const isKnown = connectorId >= 1 && connectorId <= profile.connectors;
  if (!isKnown || expiresAtMs <= turn.around.nowMs) return { result: { status: "Rejected" } };
  const status = statusOf({ ...memory, reservations: others }, connectorId);
  if (status === "Unavailable" || status === "Faulted") return { result: { status } };
  if (status !== "Available") return { result: { status: "Occupied" } };
  turn.remember({ reservations: [...others, reservation] });
  return { result: { status: "Accepted" }, after: watchAndReport };
}

export function cancelReservation(turn: Turn, id: number): Answer {
  const { reservations } = turn.state.memory;
  const others = reservations.filter((each) => each.id !== id);
  if (others.length === reservations.length) return { result: { status: "Rejected" } };
  turn.remember({ reservations: others });
  return { result: { status: "Accepted" }, after: watchAndReport };
}

export function expireReservations(turn: Turn): void {
  const { reservations } = turn.state.memory;
  const isOver = ({ expiresAtMs }: Reservation) => expiresAtMs <= turn.around.nowMs;
  const over = reservations.filter(isOver);
  if (over.length > 0) turn.remember({ reservations: reservations.filter((each) => !isOver(each)) });
  for (const { id } of turn.version === "ocpp1.6" ? [] : over) {
    call(turn, "ReservationStatusUpdate", { reservationId: id, reservationUpdateStatus: "Expired" });
  }
  watchAndReport(turn);
}

/** Sets the timer of the next expiry, also after a restart of the host. */
export function watchReservations(turn: Turn): void {
  const [first] = turn.state.memory.reservations.map(({ expiresAtMs }) => expiresAtMs).sort((a, b) => a - b);
  if (first === undefined) return;
  turn.setTimerAhead("reservation", first);
}

function watchAndReport(turn: Turn): void {
  watchReservations(turn);
  reportStatuses(turn);
}
