import { reportStatuses, setAvailability } from "./connectors.ts";
import type { Answer } from "./inbound.ts";
import type { Turn } from "./turn.ts";

/** While a transaction runs where it is to take effect, a connector goes out of service only afterwards. */
export function changeAvailability(turn: Turn, connectorId: number, isOperative: boolean): Answer {
  if (!isOperative && isCharging(turn, connectorId)) {
    turn.remember({ scheduled: { ...turn.state.memory.scheduled, [connectorId]: false } });
    return { result: { status: "Scheduled" } };
  }
  setAvailability(turn, connectorId, isOperative);
  return { result: { status: "Accepted" }, after: reportStatuses };
}

/** Carries out what waited for a transaction to end. */
export function applyScheduled(turn: Turn): void {
  for (const [key, isOperative] of Object.entries(turn.state.memory.scheduled)) {
    const connectorId = Number(key);
    if (!isCharging(turn, connectorId)) setAvailability(turn, connectorId, isOperative);
  }
}

/** Whether a transaction runs at a connector, 0: at any. */
export function isCharging(turn: Turn, connectorId: number): boolean {
  return Object.entries(turn.state.memory.charges).some(
    ([id, { stage }]) => stage === "charging" && (connectorId === 0 || Number(id) === connectorId),
  );
}
