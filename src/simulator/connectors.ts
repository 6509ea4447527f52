import { call, type CallEnd } from "./calls.ts";
import { statusOf, type ConnectorStatus, type OutstandingCall } from "./state.ts";
import type { Turn } from "./turn.ts";

/** Reports every connector whose status the central system does not know yet (1.6 errata 3.22, 2.x B01.FR.05). */
export function reportStatuses(turn: Turn): void {
  const { profile, reported, memory } = turn.state;
  for (let id = turn.dialect.firstConnector; id <= profile.connectors; id++) {
    if (reported[id] !== statusOf(memory, id)) reportStatus(turn, id, false);
  }
}

export function reportStatus(turn: Turn, connectorId: number, triggered: boolean): void {
  const isWaiting = turn.state.queue.some((plan) => plan.connectorId === connectorId);
  if (isWaiting && !triggered) return;
  const status = statusOf(turn.state.memory, connectorId);
  const payload = turn.dialect.status(turn, connectorId, status);
  call(turn, "StatusNotification", payload, { triggered, connectorId });
}

export function statusAnswered(turn: Turn, how: CallEnd, plan: OutstandingCall): void {
  if (how.kind !== "result" || plan.connectorId === null) return;
  const told = (plan.payload["status"] ?? plan.payload["connectorStatus"]) as ConnectorStatus;
  turn.change({ reported: { ...turn.state.reported, [plan.connectorId]: told } });
}

/** Takes a connector (0: the station) out of service or back, durably, and reports what changed. */
export function setAvailability(turn: Turn, connectorId: number, isOperative: boolean): void {
  const { memory } = turn.state;
  const others = memory.inoperative.filter((id) => id !== connectorId);
  const inoperative = isOperative ? others : [...others, connectorId];
  turn.change({ memory: { ...memory, inoperative } });
  turn.emit({ kind: "remember" });
}
