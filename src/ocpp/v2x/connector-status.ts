import type { ConnectorState, ConnectorStatus, TransactionRecord } from "../station-state.ts";

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
 * A 2.x connector in the words of 1.6. `Occupied` alone does not say what the car does: the charging state of the open
 * transaction does, and without one whether energy flowed before.
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

/** 2.x stations report no error code with a status. */
export function errorCodeOf(status: ConnectorStatus): string {
  return status === "Faulted" ? "OtherError" : "NoError";
}
