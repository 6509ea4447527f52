import { reportStatuses, setAvailability } from "./connectors.ts";
import type { Turn, Answer } from "../station/turn.ts";

/** Changes the availability of a connector; 0 is the station. An occupied connector changes after its transaction. */
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

/** Carries out changes that waited for the end of a transaction. */
export function applyScheduled(turn: Turn): void {
  for (const [key, isOperative] of Object.entries(turn.state.memory.scheduled)) {
    const connectorId = Number(key);
    if (!isOccupied(turn, connectorId)) setAvailability(turn, connectorId, isOperative);
  }
}

/** Whether a transaction runs or is about to begin on a connector; 0: on any. */
export function isOccupied(turn: Turn, connectorId: number): boolean {
  return Object.entries(turn.state.memory.charges).some(
    ([id, { stage }]) => stage !== "finishing" && (connectorId === 0 || Number(id) === connectorId),
  );
}
