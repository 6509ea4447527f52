import { bootNow } from "./boot.ts";
import { call } from "../line/calls.ts";
import { reportStatus } from "../charging/connectors.ts";
import { firmwareStatus } from "../maintenance/firmware.ts";
import { logStatus } from "../maintenance/log-upload.ts";
import { chargingConnectors, updateTransaction } from "../charging/transactions.ts";
import type { Turn, Answer } from "../station/turn.ts";

type Triggered = (turn: Turn, connectorIds: number[]) => void;

const asked = { triggered: true } as const;

/** Messages that can be triggered. `connectorIds`: the named one, otherwise all that apply. */
const MESSAGES: Readonly<Record<string, Triggered>> = {
  BootNotification: (turn) => {
    // The boot is due until it is answered.
    turn.change({ bootReason: turn.state.bootReason ?? "Triggered" });
    bootNow(turn, "Triggered");
  },
  Heartbeat: (turn) => call(turn, "Heartbeat", {}, asked),
  StatusNotification: (turn, connectorIds) => {
    for (const id of connectorIds) reportStatus(turn, id, true);
  },
  MeterValues: (turn, connectorIds) => {
    for (const id of connectorIds.filter((each) => each > 0 || connectorIds.length === 1)) {
      call(turn, "MeterValues", turn.dialect.meterValues(turn, id, "Trigger"), asked);
    }
  },
  DiagnosticsStatusNotification: (turn) =>
    call(turn, "DiagnosticsStatusNotification", logStatus(turn, "DiagnosticsStatusNotification"), asked),
  LogStatusNotification: (turn) =>
    call(turn, "LogStatusNotification", logStatus(turn, "LogStatusNotification"), asked),
  FirmwareStatusNotification: (turn) => tellFirmware(turn, "FirmwareStatusNotification"),
  SignedFirmwareStatusNotification: (turn) => tellFirmware(turn, "SignedFirmwareStatusNotification"),
  TransactionEvent: (turn, connectorIds) => {
    for (const id of connectorIds) updateTransaction(turn, id, "triggered");
  },
};

/**
 * Handles a trigger: answers first, then sends. `message` null: cannot be triggered; `connectorId` null: not named.
 */
export function trigger(turn: Turn, message: string | null, connectorId: number | null): Answer {
  const send = message === null ? undefined : MESSAGES[message];
  if (!send) return { result: { status: "NotImplemented" } };
  const ids = connectorIds(turn, connectorId);
  // An accepted 2.x station refuses to boot again (F06.FR.17); a 1.6 station sends its boot again.
  const isAccepted = turn.version !== "ocpp1.6" && turn.state.registration === "accepted";
  const isBooted = message === "BootNotification" && isAccepted;
  const isIdle = message === "TransactionEvent" && !ids?.some((id) => chargingConnectors(turn).includes(id));
  if (!ids || isBooted || isIdle) return { result: { status: "Rejected" } };
  return { result: { status: "Accepted" }, after: (answered) => send(answered, ids) };
}

function tellFirmware(turn: Turn, action: string): void {
  call(turn, action, firmwareStatus(turn, action), asked);
}

/** Connectors to report; null: no such connector. */
function connectorIds(turn: Turn, connectorId: number | null): number[] | null {
  const first = turn.dialect.firstConnector;
  const last = turn.state.profile.connectors;
  if (connectorId === null) return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return connectorId >= first && connectorId <= last ? [connectorId] : null;
}
