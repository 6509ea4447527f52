import type { OcppVersion } from "../../ocpp/version.ts";
import { call, type CallEnd } from "../line/calls.ts";
import { type ConnectorStatus, type OutstandingCall, statusOf } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";

/** Reports every connector whose current status has not been reported (1.6 errata 3.22, 2.x B01.FR.05). */
export function reportStatuses(turn: Turn): void {
  for (let id = turn.dialect.firstConnector; id <= turn.state.profile.connectors; id++) {
    if (lastTold(turn, id) !== currentWord(turn, id)) reportStatus(turn, id, false);
  }
}

export function reportStatus(turn: Turn, connectorId: number, triggered: boolean): void {
  const payload = turn.dialect.status(turn, connectorId, currentWord(turn, connectorId));
  call(turn, "StatusNotification", payload, { triggered, connectorId });
}

export function statusAnswered(turn: Turn, how: CallEnd, plan: OutstandingCall): void {
  if (how.kind !== "result" || plan.connectorId === null) return;
  turn.change({ reported: { ...turn.state.reported, [plan.connectorId]: toldBy(plan) } });
}

/** Sets a connector (0: the station) operative or inoperative, durably. */
export function setAvailability(turn: Turn, connectorId: number, isOperative: boolean): void {
  const { memory } = turn.state;
  const others = memory.inoperative.filter((id) => id !== connectorId);
  const { [connectorId]: _replaced, ...scheduled } = memory.scheduled;
  turn.remember({ inoperative: isOperative ? others : [...others, connectorId], scheduled });
}

function currentWord(turn: Turn, connectorId: number): string {
  return statusWord(turn.version, statusOf(turn.state.memory, connectorId));
}

/** Last status of a connector that was confirmed or is queued. */
function lastTold(turn: Turn, connectorId: number): string | undefined {
  const { queue, outstanding, reported } = turn.state;
  const waiting = queue.findLast((plan) => isStatusOf(plan, connectorId));
  const said = waiting ?? (outstanding && isStatusOf(outstanding, connectorId) ? outstanding : null);
  return said ? toldBy(said) : reported[connectorId];
}

function isStatusOf(plan: Pick<OutstandingCall, "action" | "connectorId">, connectorId: number): boolean {
  return plan.action === "StatusNotification" && plan.connectorId === connectorId;
}

function toldBy({ payload }: Pick<OutstandingCall, "payload">): string {
  return String(payload["status"] ?? payload["connectorStatus"]);
}

const SAME_IN_2X: readonly ConnectorStatus[] = ["Available", "Reserved", "Unavailable", "Faulted"];

/** Connector status of a version. 2.x reports the states of a transaction in TransactionEvent instead. */
export function statusWord(version: OcppVersion, status: ConnectorStatus): string {
  return version === "ocpp1.6" || SAME_IN_2X.includes(status) ? status : "Occupied";
}
