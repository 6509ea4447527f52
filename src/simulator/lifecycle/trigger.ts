import { bootNow } from "./boot.ts";
import { call } from "../line/calls.ts";
import { reportStatus } from "../charging/connectors.ts";
import { firmwareStatus } from "../maintenance/firmware.ts";
import { logStatus } from "../maintenance/log-upload.ts";
import { chargingConnectors, updateTransaction } from "../charging/transactions.ts";
import type { Turn, Answer } from "../station/turn.ts";

type Triggered = (turn: Turn, connectorIds: number[]) => void;

const asked = { triggered: true } as const;

/** Messages a station sends when asked to. `connectorIds`: the one that was named, else all that apply. */
const MESSAGES: Readonly<Record<string, Triggered>> = {
  BootNotification: (turn) => {
    // Until it is answered, the boot is due.
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

/** Answers first and sends afterwards. `message` null: none that the request can name; `connectorId` null: not named. */
export function trigger(turn: Turn, message: string | null, connectorId: number | null): Answer {
  const send = message === null ? undefined : MESSAGES[message];
  if (!send) return { result: { status: "NotImplemented" } };
  const ids = connectorIds(turn, connectorId);
  // An accepted 2.x station boots only after a restart (F06.FR.17); a 1.6 station tells its boot again.
  const isAccepted = turn.version !== "ocpp1.6" && turn.state.registration === "accepted";
  const isBooted = message === "BootNotification" && isAccepted;
  const isIdle = message === "TransactionEvent" && !ids?.some((id) => chargingConnectors(turn).includes(id));
  if (!ids || isBooted || isIdle) return { result: { status: "Rejected" } };
  return { result: { status: "Accepted" }, after: (answered) => send(answered, ids) };
}

function tellFirmware(turn: Turn, action: string): void {
  call(turn, action, firmwareStatus(turn, action), asked);
}

/** Null for a connector the station does not have. */
function connectorIds(turn: Turn, connectorId: number | null): number[] | null {
  const first = turn.dialect.firstConnector;
  const last = turn.state.profile.connectors;
  if (connectorId === null) return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return connectorId >= first && connectorId <= last ? [connectorId] : null;
}
