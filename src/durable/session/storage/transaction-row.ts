import type { TransactionRecord } from "../../../ocpp/station-state.ts";
import type { TransactionFact } from "../../../ports.ts";

/** A row of the table of transactions. */
export type StoredTransaction = {
  transaction_id: number;
  id: string;
  ocpp_transaction_id: string | null;
  evse_id: number;
  connector_id: number;
  id_tag: string | null;
  meter_start_wh: number | null;
  started_at: string;
  start_timestamp: string;
  stopped_at: string | null;
  remote_started: number;
  charging_state: string | null;
  last_seq_no: number | null;
  lost_stop: number;
  meter_stop_wh: number | null;
  stop_reason: string | null;
  last_meter_wh: number | null;
  revision: number;
};

export type ReadTransaction = StoredTransaction & { is_confirmed: number };

export function readTransaction(row: ReadTransaction): TransactionRecord {
  return {
    transactionId: row.transaction_id,
    ocppTransactionId: row.ocpp_transaction_id,
    evseId: row.evse_id,
    connectorId: row.connector_id,
    idTag: row.id_tag,
    meterStartWh: row.meter_start_wh,
    startedAt: row.started_at,
    startTimestamp: row.start_timestamp,
    stoppedAt: row.stopped_at,
    remoteStarted: row.remote_started === 1,
    chargingState: row.charging_state,
    lastSeqNo: row.last_seq_no,
    lostStop: row.lost_stop === 1,
    isConfirmed: row.is_confirmed === 1,
  };
}

/** Where the station never reported the end, the last meter value is used. */
export function factOf(row: StoredTransaction, meterOffsetWh: number): TransactionFact {
  const hasEnded = row.stopped_at !== null;
  return {
    id: row.id,
    transactionId: row.transaction_id,
    ocppTransactionId: row.ocpp_transaction_id,
    evseId: row.evse_id,
    connectorId: row.connector_id,
    idTag: row.id_tag,
    status: hasEnded ? "completed" : "in_progress",
    meterStartWh: row.meter_start_wh,
    meterStopWh: hasEnded ? (row.meter_stop_wh ?? row.last_meter_wh) : null,
    lastMeterWh: row.last_meter_wh,
    meterOffsetWh,
    startedAt: row.started_at,
    stoppedAt: row.stopped_at,
    stopReason: hasEnded ? row.stop_reason : null,
    remoteStarted: row.remote_started === 1,
    lostStop: row.lost_stop === 1,
    revision: row.revision,
  };
}
