import type { JsonObject } from "../../ocpp/json.ts";
import { call } from "../line/calls.ts";
import type { EndReason } from "../station/charge.ts";
import { type Fault, faultOf, statusOf } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";
import { reportStatus, reportStatuses, statusWord } from "./connectors.ts";
import { endTransaction } from "./transactions.ts";

/** Reasons for the end of a transaction by a fault; others are "Other". */
const REASONS: Readonly<Record<string, EndReason>> = {
  GroundFailure: "GroundFault",
  OverCurrentFailure: "OvercurrentFault",
  OverVoltage: "PowerQuality",
  UnderVoltage: "PowerQuality",
};

/** Makes a connector (0: the station and all its connectors) faulty: its transaction ends, and it says so. */
export function injectFault(turn: Turn, connectorId: number, fault: Fault): void {
  const { connectors } = turn.state.profile;
  const all = Array.from({ length: connectors }, (_, index) => index + 1);
  for (const id of connectorId === 0 ? all : [connectorId])
    endTransaction(turn, id, REASONS[fault.type] ?? "Other");
  const before = faultOf(turn.state.memory, connectorId);
  turn.remember({ faults: { ...turn.state.memory.faults, [connectorId]: fault } });
  // Another fault of a connector that has one does not change its status, so it is reported here.
  if (before && connectorId >= turn.dialect.firstConnector) reportStatus(turn, connectorId, false);
  reportStatuses(turn);
  tell(turn, connectorId, fault, true);
}

/** Ends the fault of a connector; returns it, or null if there was none. */
export function clearFault(turn: Turn, connectorId: number): Fault | null {
  const { [connectorId]: fault, ...others } = turn.state.memory.faults;
  if (!fault) return null;
  turn.remember({ faults: others });
  reportStatuses(turn);
  tell(turn, connectorId, fault, false);
  return fault;
}

/** Status of a connector in the words of its version. */
export function statusTold(turn: Turn, connectorId: number): string {
  return statusWord(turn.version, statusOf(turn.state.memory, connectorId));
}

/** A StatusNotification of 2.x has no error code: the variable `Problem` of the component has it (N07). */
function tell(turn: Turn, connectorId: number, { type, info }: Fault, isActive: boolean): void {
  if (turn.version === "ocpp1.6") return;
  const component: JsonObject =
    connectorId === 0
      ? { name: "ChargingStation" }
      : { name: "Connector", evse: { id: connectorId, connectorId: 1 } };
  const eventData = {
    eventId: Math.floor(turn.around.random() * 2_147_483_647),
    timestamp: turn.now(),
    trigger: "Alerting",
    actualValue: String(isActive),
    eventNotificationType: "HardWiredNotification",
    component,
    variable: { name: "Problem" },
    techCode: type,
    cleared: !isActive,
    ...(info !== null && { techInfo: info }),
  };
  call(turn, "NotifyEvent", { generatedAt: turn.now(), seqNo: 0, tbc: false, eventData: [eventData] });
}
