import type { RunningTransaction, SessionSnapshot } from "../../ports.ts";
import type { LiveSocket } from "./line/live-socket.ts";
import { isFresh } from "./line/liveness.ts";
import { heldReservations } from "./storage/reservations.ts";
import type { SessionRecord } from "./storage/session-record.ts";
import type { TransactionTable } from "./storage/transaction-table.ts";

type Transactions = Pick<TransactionTable, "openIds" | "byId">;

export function runningTransactions(table: Transactions): RunningTransaction[] {
  return table.openIds().map((transactionId) => ({
    transactionId,
    evseId: table.byId(transactionId)?.evseId ?? 0,
  }));
}

/** State of the session at this moment, without a look into Postgres. */
export function snapshotOf(
  record: SessionRecord,
  table: Transactions,
  live: LiveSocket | null,
  nowMs: number,
): SessionSnapshot {
  const { chargerId, organizationId, generation, securityProfile, bootFacts } = record;
  return {
    chargerId,
    organizationId,
    generation,
    securityProfile,
    online: live !== null && isFresh(record, live, nowMs),
    version: live?.attachment.version ?? record.version,
    registrationStatus: record.registration ?? record.bootAnswer,
    vendor: bootFacts?.vendor ?? null,
    model: bootFacts?.model ?? null,
    serialNumber: bootFacts?.serialNumber ?? null,
    firmwareVersion: bootFacts?.firmwareVersion ?? null,
    connectedAtMs: live?.attachment.connectedAtMs ?? null,
    clockOffMs: record.clockOffMs,
    quarantinedUntilMs: record.quarantinedUntilMs > nowMs ? record.quarantinedUntilMs : null,
    lastMessageAtMs: live?.attachment.lastMessageAtMs ?? record.lastMessageAtMs,
    connectors: record.connectors.map(({ evseId, connectorId, status, errorCode, updatedAtMs }) => ({
      evseId,
      connectorId,
      status,
      errorCode,
      updatedAtMs,
    })),
    transactions: runningTransactions(table),
    reservations: heldReservations(record),
  };
}
