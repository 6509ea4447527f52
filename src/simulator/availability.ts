import { reportStatuses, setAvailability } from "./connectors.ts";
import type { Answer } from "./inbound.ts";
import type { Turn } from "./turn.ts";

/** While a car is served where it is to take effect, a connector goes out of service only afterwards. */
export function changeAvailability(turn: Turn, connectorId: number, isOperative: boolean): Answer {
  if (!isOperative && isOccupied(turn, connectorId)) {
    turn.remember({ scheduled: { ...turn.state.memory.scheduled, [connectorId]: false } });
    return { result: { status: "Scheduled" } };
  }
  setAvailability(turn, connectorId, isOperative);
  return { result: { status: "Accepted" }, after: reportStatuses };
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
