import { systemIds } from "../../../fleet/ids.ts";
import { energyReading } from "../../../ocpp/energy-reading.ts";
import type { JsonObject } from "../../../ocpp/json.ts";
import type { StationEvent, ToldStop } from "../../../ocpp/station-state.ts";
import { UNCONFIRMED_CLAIM } from "../../../ocpp/v16/unconfirmed-id.ts";
import type { DataTransferRow, MeterValuesFact, SessionFact } from "../../../ports.ts";
import { cutText } from "../storage/cut-text.ts";
import { transferId } from "../storage/kept-transfer.ts";
import type { TransactionUpdate } from "../storage/transaction-table.ts";

type Event<Type extends StationEvent["type"]> = Extract<StationEvent, { type: Type }>;

/** Facts that follow from an event. Facts of transactions are made elsewhere, from the stored transaction. */
export function factsOf(event: StationEvent): SessionFact[] {
  switch (event.type) {
    case "booted": {
      const { vendor, model, serialNumber, firmwareVersion } = event.facts;
      const { registrationStatus } = event;
      return [{ type: "boot", vendor, model, serialNumber, firmwareVersion, registrationStatus }];
    }
    case "connectorStatusChanged": {
      const { evseId, connectorId, status, errorCode } = event;
      return [{ type: "connector", evseId, connectorId, status, errorCode }];
    }
    case "meterValues":
      return [meterValues(event), ...foreignTransaction(event)];
    case "transactionStopped":
      return [...stopValues(event), ...foreignTransaction(event)];
    case "stopConflicted":
      return stopConflict(event);
    case "securityEvent": {
      const { name, techInfo, at } = event;
      return [{ type: "securityEvent", id: systemIds.uuid(), source: "station", name, techInfo, at }];
    }
    case "firmwareStatus": {
      const { status, requestId, published } = event;
      return [{ type: "jobStatus", job: published ? "published_firmware" : "firmware", status, requestId }];
    }
    case "diagnosticsStatus":
      return [{ type: "jobStatus", job: "diagnostics", status: event.status, requestId: event.requestId }];
    case "notified":
      return [{ type: "stationEvent", action: event.action, payload: bounded(event.payload), at: event.at }];
    // Written as a fact of the stored transaction.
    case "transactionStarted":
    // Stored with its answer in the transfer log.
    case "dataTransferReceived":
      return [];
    default:
      return event satisfies never;
  }
}

/** Transaction fields that an event changes; null: it concerns no transaction of this charger. */
export function transactionUpdateOf(
  event: StationEvent,
): { transactionId: number; update: TransactionUpdate } | null {
  if (event.type === "transactionStarted") {
    const { transactionId, idTag, evseId, connectorId, meterStartWh, at } = event;
    const evse = { evseId, connectorId };
    return { transactionId, update: { idTag, evse, meterStartWh, startedAt: at } };
  }
  if (event.type !== "meterValues" && event.type !== "transactionStopped") return null;
  const { transactionId, at } = event;
  if (transactionId === null) return null;
  const energyWh = energyReading(event.type === "meterValues" ? event.meterValue : event.transactionData);
  const reading = energyWh === null ? {} : { reading: { energyWh, at } };
  if (event.type === "meterValues") return { transactionId, update: reading };
  const { meterStopWh, stopReason } = event;
  return { transactionId, update: { meterStopWh, stopReason, ...reading } };
}

/** Row of a received vendor message. */
export function incomingTransfer(event: Event<"dataTransferReceived">, atMs: number): DataTransferRow {
  const { vendorId, messageId, data, responseStatus } = event;
  const text = data === null || typeof data === "string" ? data : JSON.stringify(data);
  const about = { vendorId, messageId, data: text, responseStatus, responseData: null, error: null };
  return { id: transferId(), atMs, direction: "incoming", ...about };
}

/** Truncates a payload that is too long to its first characters. */
function bounded(payload: JsonObject): JsonObject {
  const text = JSON.stringify(payload);
  const kept = cutText(text);
  return kept === text ? payload : { truncated: kept };
}

function meterValues(event: Event<"meterValues">): SessionFact {
  const { transactionId, claimedId, evseId, triggerReason, meterValue, at } = event;
  return {
    type: "meterValues",
    ...valuesFact(meterValue),
    transactionId,
    claimedId,
    evseId,
    reason: triggerReason ?? "MeterValues",
    at,
  };
}

/** Meter values of a StopTransaction. A stop without a known transaction is kept too, because it is billed. */
function stopValues(event: Event<"transactionStopped">): SessionFact[] {
  const { transactionId, claimedId, evseId, meterStopWh, stopReason, idTag, transactionData, at } = event;
  if (transactionId !== null && transactionData.length === 0) return [];
  const { energyWh, ...values } = valuesFact(transactionData);
  const about = { transactionId, claimedId, evseId, reason: "StopTransaction", at };
  const end = transactionId === null ? { stopReason, idTag } : {};
  return [{ type: "meterValues", ...values, ...about, ...end, energyWh: meterStopWh ?? energyWh }];
}

/** Security event for a transaction id that this charger never had (CVE-2026-28230). A repeat has the same id and adds nothing. */
function foreignTransaction({ claimedId, at }: { claimedId: string | null; at: string }): SessionFact[] {
  if (claimedId === null || claimedId === UNCONFIRMED_CLAIM) return [];
  const techInfo = `transaction ${claimedId}`;
  const name = "UnknownTransaction";
  return [{ type: "securityEvent", id: null, source: "central", name, techInfo, at }];
}

/**
 * Two different stops of one transaction. Both are stored and an operator has to decide, because the bill may be wrong. A repeat
 * adds nothing.
 */
function stopConflict({ transactionId, kept, told, at }: Event<"stopConflicted">): SessionFact[] {
  const said = ({ meterStopWh, stoppedAt, stopReason }: ToldStop) =>
    `meterStop ${meterStopWh ?? "unknown"} at ${stoppedAt}, ${stopReason}`;
  const techInfo = `transaction ${transactionId}: kept ${said(kept)}; told later ${said(told)}`;
  const about = { id: null, source: "central", name: "StopTransactionConflict" } as const;
  return [
    { type: "stopConflict", transactionId, kept, told },
    { type: "securityEvent", ...about, techInfo, at },
  ];
}

function valuesFact(
  meterValue: Event<"meterValues">["meterValue"],
): Pick<MeterValuesFact, "energyWh" | "values"> {
  return { energyWh: energyReading(meterValue), values: meterValue };
}
