import type { HandlerContext, HandlerResult } from "../handler.ts";
import { findConnector, reportConnector } from "../inbound/connector-report.ts";
import type { ConnectorState, ConnectorStatus, TransactionRecord } from "../station-state.ts";
import type { TransactionMessage } from "./transaction-message.ts";

const SAME_WORD: Record<string, ConnectorStatus> = {
  Available: "Available",
  Reserved: "Reserved",
  Unavailable: "Unavailable",
  Faulted: "Faulted",
};

const ENERGY_FLOWED: ReadonlySet<ConnectorStatus> = new Set<ConnectorStatus>([
  "Charging",
  "SuspendedEV",
  "SuspendedEVSE",
  "Finishing",
]);

/**
 * Converts a 2.x connector status to 1.6. `Occupied` is refined by the chargingState of the open transaction; without
 * one, by whether energy has flowed.
 */
export function connectorStatus(
  reported: string,
  transaction: Pick<TransactionRecord, "chargingState"> | null,
  known: Pick<ConnectorState, "status"> | undefined,
): ConnectorStatus {
  if (reported !== "Occupied") return SAME_WORD[reported] ?? "Unavailable";
  switch (transaction?.chargingState) {
    case "Charging":
    case "SuspendedEV":
    case "SuspendedEVSE":
      return transaction.chargingState;
    default:
      return !transaction && known && ENERGY_FLOWED.has(known.status) ? "Finishing" : "Preparing";
  }
}

/** Error code of a status; 2.x stations do not report one. */
export function errorCodeOf(status: ConnectorStatus): string {
  return status === "Faulted" ? "OtherError" : "NoError";
}

/** Status of an `Occupied` connector after a change of its transaction, which says what the car does. */
export function occupiedConnector(
  ctx: HandlerContext,
  record: TransactionRecord,
  message: TransactionMessage,
): Omit<HandlerResult, "answer"> {
  const address = message.evse ?? record;
  const known = findConnector(ctx, address);
  if (known?.reported !== "Occupied") return { changes: [], events: [] };
  const chargingState = message.chargingState ?? record.chargingState;
  const status = connectorStatus("Occupied", message.eventType === "Ended" ? null : { chargingState }, known);
  if (status === known.status) return { changes: [], events: [] };
  const { evseId, connectorId } = known;
  const errorCode = errorCodeOf(status);
  return reportConnector(ctx, {
    evseId,
    connectorId,
    status,
    reported: "Occupied",
    errorCode,
    timestamp: message.at,
  });
}
