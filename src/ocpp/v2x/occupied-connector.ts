import type { HandlerContext, HandlerResult } from "../handler.ts";
import { findConnector, reportConnector } from "../inbound/connector-report.ts";
import type { TransactionRecord } from "../station-state.ts";
import { connectorStatus, errorCodeOf } from "./connector-status.ts";
import type { TransactionMessage } from "./transaction-message.ts";

/** `Occupied` says no more than that: what the car does there is told by its transaction, so it changes with that. */
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
