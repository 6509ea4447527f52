import { reportStatuses, setAvailability } from "./connectors.ts";
import type { Turn, Answer } from "../station/turn.ts";

/** Where a car is served, a connector goes out of service only afterwards; 0 is the station itself. */
export function changeAvailability(
  turn: Turn,
  connectorIds: readonly number[],
  isOperative: boolean,
): Answer {
  const busy = isOperative ? [] : connectorIds.filter((id) => isOccupied(turn, id));
  for (const id of connectorIds) if (!busy.includes(id)) setAvailability(turn, id, isOperative);
  const waiting = Object.fromEntries(busy.map((id) => [id, false]));
  if (busy.length > 0) turn.remember({ scheduled: { ...turn.state.memory.scheduled, ...waiting } });
  return { result: { status: busy.length > 0 ? "Scheduled" : "Accepted" }, after: reportStatuses };
}

/** Carries out what waited for a car to be done. */
export function applyScheduled(turn: Turn): void {
  for (const [key, isOperative] of Object.entries(turn.state.memory.scheduled)) {
    const connectorId = Number(key);
    if (!isOccupied(turn, connectorId)) setAvailability(turn, connectorId, isOperative);
  }
}

/** Whether a transaction runs at a connector or is about to begin there, 0: at any. */
export function isOccupied(turn: Turn, connectorId: number): boolean {
  return Object.entries(turn.state.memory.charges).some(
    ([id, { stage }]) => stage !== "finishing" && (connectorId === 0 || Number(id) === connectorId),
  );
}
