import { summaryReading } from "../ocpp/summary-reading.ts";
import { UNCONFIRMED_CLAIM } from "../ocpp/v16/unconfirmed-id.ts";
import type {
  GoneCharger,
  MeterValuesFact,
  SessionFactRow,
  StationEventFact,
  StationHistory,
  StoredEvent,
} from "../ports.ts";
import { splitTold } from "./events.ts";
import { HISTORY_STATEMENTS, type HistoryFact } from "./history-statements.ts";
import { meterMessages } from "./meter-values.ts";
import { pruneHistory } from "./prune-history.ts";
import { applyReservations, reservationReader } from "./reservations.ts";
import type { Sql } from "./sql.ts";
import { readTransaction, transactionPage, transactionsAfter } from "./transaction-lists.ts";
import { applyTransactions, transactionIdsOnRecord } from "./transactions.ts";

/**
 * Stores history facts, one idempotent statement per kind that occurs; a flush that failed half-way is sent again.
 * Returns chargers without a row. `onEvents` gets the events that each statement stored.
 */
export async function applyHistory(
  sql: Sql,
  rows: SessionFactRow[],
  onEvents: (events: StoredEvent[]) => void,
): Promise<GoneCharger[]> {
  const byType = Object.groupBy(
    rows.map((row, n) => ({ ...row, n })),
    ({ fact }) => fact.type,
  );
  const transactions = byType.transaction?.map(wireRow) ?? [];
  const gone = transactions.length > 0 ? await applyTransactions(sql, transactions, onEvents) : [];
  if (byType.reservation) await applyReservations(sql, byType.reservation.map(wireRow), onEvents);
  for (const [type, statement] of Object.entries(HISTORY_STATEMENTS)) {
    const of = byType[type as HistoryFact["type"]];
    if (!of) continue;
    const { events } = splitTold(await sql.write(statement, [JSON.stringify(of.map(wireRow))]));
    if (events.length > 0) onEvents(events);
  }
  return gone;
}

/** Whether a fact is stored as history. */
export function isHistory({ fact }: SessionFactRow): boolean {
  return (
    fact.type === "transaction" || fact.type === "reservation" || Object.hasOwn(HISTORY_STATEMENTS, fact.type)
  );
}

function wireRow({ chargerId, atMs, fact, n }: SessionFactRow & { n: number }): Record<string, unknown> {
  const receivedAt = new Date(atMs).toISOString();
  const about = { n, charger_id: chargerId, at: receivedAt, received_at: receivedAt };
  switch (fact.type) {
    case "transaction":
      return { ...about, ...wireTransaction(fact) };
    case "reservation":
      return { ...about, ...wireReservation(fact) };
    case "meterValues": {
      const { transactionId, claimedId, evseId, reason, energyWh, stopReason, idTag, values, at } = fact;
      const named = { transaction_id: transactionId, claimed_id: claimedId, evse_id: int32(evseId) };
      const told = { at, told_at: isTimed(fact) ? null : at };
      const end = { stop_reason: stopReason, id_tag: idTag };
      const { powerW, currentA, soc } = summaryReading(values);
      const summary = { power_w: powerW, current_a: currentA, soc };
      return { ...about, ...named, reason, energy_wh: energyWh, ...end, values, ...told, ...summary };
    }
    case "stopConflict": {
      const { transactionId, kept, told } = fact;
      return { ...about, transaction_id: transactionId, kept, told };
    }
    case "securityEvent": {
      const { id, source, name, techInfo, at } = fact;
      return { ...about, id, source, name, tech_info: techInfo, at };
    }
    case "stationEvent":
      return { ...about, ...wireStationEvent(fact) };
    case "jobStatus":
      return { ...about, job: fact.job, status: fact.status, request_id: int32(fact.requestId) };
    case "dataTransfer": {
      const { id, direction, vendorId, messageId, data, responseStatus, responseData, error } = fact;
      const named = { vendor_id: vendorId, message_id: messageId, response_status: responseStatus };
      return { ...about, id, direction, ...named, data, response_data: responseData, error };
    }
    default:
      return about;
  }
}

/**
 * Whether meter values contain what distinguishes them from others: a timestamp of their own, or the transaction that
 * they stop. Without it, the receive time becomes part of the id, and a repeat is stored as another row.
 */
function isTimed({ values, reason, claimedId }: MeterValuesFact): boolean {
  if (values.length === 0) return reason === "StopTransaction" && claimedId !== UNCONFIRMED_CLAIM;
  return values.every(({ timestamp }) => typeof timestamp === "string");
}

function wireStationEvent({ action, payload, at }: StationEventFact): Record<string, unknown> {
  const isDated = ["generatedAt", "timestamp"].some((name) => typeof payload[name] === "string");
  return { action, payload, at, told_at: isDated ? null : at };
}

function wireTransaction(fact: Extract<HistoryFact, { type: "transaction" }>): Record<string, unknown> {
  return {
    id: fact.id,
    transaction_id: fact.transactionId,
    ocpp_transaction_id: fact.ocppTransactionId,
    evse_id: int32(fact.evseId),
    connector_id: int32(fact.connectorId),
    id_tag: fact.idTag,
    status: fact.status,
    meter_start_wh: fact.meterStartWh,
    meter_stop_wh: fact.meterStopWh,
    last_meter_wh: fact.lastMeterWh,
    meter_offset_wh: fact.meterOffsetWh,
    started_at: fact.startedAt,
    stopped_at: fact.stoppedAt,
    stop_reason: fact.stopReason,
    remote_started: fact.remoteStarted,
    lost_stop: fact.lostStop,
    revision: fact.revision,
  };
}

function wireReservation(fact: Extract<HistoryFact, { type: "reservation" }>): Record<string, unknown> {
  return {
    id: fact.id,
    reservation_id: int32(fact.reservationId),
    evse_id: int32(fact.evseId),
    id_tag: fact.idTag,
    group_id: fact.groupId,
    status: fact.status,
    transaction_id: fact.transactionId,
    expires_at: fact.expiresAt,
    created_at: fact.createdAt,
    revision: fact.revision,
  };
}

const INT_MAX = 2 ** 31 - 1;

/** A number cut to the range of a 32-bit integer column, because a station may send any. */
export function int32(value: number | null): number | null {
  return value === null ? null : Math.max(-INT_MAX, Math.min(INT_MAX, value));
}

/** History of stations in Postgres. */
export function stationHistory(sql: Sql): StationHistory {
  return {
    transaction: (organizationId, id) => readTransaction(sql, organizationId, id),

    transactions: (organizationId, filter, page) => transactionPage(sql, organizationId, filter, page),

    transactionsAfter: (organizationId, filter, cursor) =>
      transactionsAfter(sql, organizationId, filter, cursor),

    meterMessages: (organizationId, transactionId, page) =>
      meterMessages(sql, organizationId, transactionId, page),

    ...reservationReader(sql),

    transactionIds: (organizationId) => transactionIdsOnRecord(sql, organizationId),

    prune: (now) => pruneHistory(sql, now),
  };
}
