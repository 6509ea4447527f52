import { UNCONFIRMED_CLAIM } from "../ocpp/v16/unconfirmed-id.ts";
import type {
  GoneCharger,
  MeterValuesFact,
  SessionFact,
  SessionFactRow,
  StationEventFact,
  StationHistory,
} from "../ports.ts";
import { meterMessages } from "./meter-values.ts";
import { pruneHistory } from "./prune-history.ts";
import { applyReservations, reservationReader } from "./reservations.ts";
import type { Sql } from "./sql.ts";
import { readTransaction, transactionPage, transactionsAfter } from "./transaction-lists.ts";
import { applyTransactions, transactionIdsOnRecord } from "./transactions.ts";

/** Facts that are stored as history, one row each; the other facts update a current state. */
export type HistoryFact = Extract<
  SessionFact,
  {
    type:
      | "transaction"
      | "reservation"
      | "meterValues"
      | "stopConflict"
      | "securityEvent"
      | "stationEvent"
      | "jobStatus"
      | "dataTransfer";
  }
>;

/**
 * Joins facts to their charger, which names the organisation. Deleted chargers are included: their history stays
 * readable.
 */
const known = (
  columns: string,
) => `SELECT x.*, o.organization_id FROM jsonb_to_recordset($1::jsonb) AS x(${columns})
  CROSS JOIN LATERAL (SELECT c.organization_id FROM chargers c WHERE c.id = x.charger_id LIMIT 1) o`;

/**
 * Id derived from the content of a row, because stations repeat messages under new message ids and after long times.
 */
const idOf = (content: string) =>
  `encode(substring(sha256(convert_to(jsonb_build_array(${content})::text, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid`;

const METER_VALUES = `WITH f AS (${known(`charger_id uuid, transaction_id int, claimed_id text, evse_id int, reason text,
    energy_wh bigint, stop_reason text, id_tag text, "values" jsonb, at timestamptz, told_at text, received_at timestamptz`)})
  INSERT INTO meter_values (id, organization_id, charger_id, transaction_id, claimed_id, evse_id, reason, energy_wh, stop_reason,
    id_tag, "values", at, received_at)
  SELECT ${idOf('charger_id, transaction_id, claimed_id, evse_id, reason, energy_wh, "values", told_at')}, organization_id,
    charger_id, transaction_id, claimed_id, evse_id, reason, energy_wh, stop_reason, id_tag, "values", at, received_at
  FROM f ON CONFLICT (id) DO NOTHING`;

const STOP_CONFLICTS = `WITH f AS (${known("charger_id uuid, transaction_id int, kept jsonb, told jsonb, received_at timestamptz")})
  INSERT INTO stop_conflicts (charger_id, id, organization_id, transaction_id, kept, told, received_at)
  SELECT charger_id, ${idOf("transaction_id, kept, told")}, organization_id, transaction_id, kept, told, received_at
  FROM f ON CONFLICT (charger_id, id) DO NOTHING`;

const SECURITY_EVENTS = `WITH f AS (${known(`charger_id uuid, id uuid, source text, name text, tech_info text, at timestamptz,
    received_at timestamptz`)})
  INSERT INTO security_events (id, organization_id, charger_id, source, name, tech_info, at, received_at)
  SELECT coalesce(id, ${idOf("charger_id, source, name, tech_info")}), organization_id, charger_id, source, name,
    tech_info, at, received_at
  FROM f ON CONFLICT (id) DO NOTHING`;

const STATION_EVENTS = `WITH f AS (${known(`charger_id uuid, action text, payload jsonb, at timestamptz, told_at text,
    received_at timestamptz`)})
  INSERT INTO station_events (id, organization_id, charger_id, action, payload, at, received_at)
  SELECT ${idOf("charger_id, action, payload, told_at")}, organization_id, charger_id, action, payload, at,
    received_at
  FROM f ON CONFLICT (id) DO NOTHING`;

const JOB_STATES = `WITH f AS (${known("n int, charger_id uuid, job text, status text, request_id int, at timestamptz")})
  INSERT INTO charger_job_states AS s (charger_id, organization_id, job, status, request_id, updated_at)
  SELECT DISTINCT ON (charger_id, job) charger_id, organization_id, job, status, request_id, at
  FROM f ORDER BY charger_id, job, n DESC
  ON CONFLICT (charger_id, job) DO UPDATE SET status = excluded.status, request_id = excluded.request_id,
    updated_at = excluded.updated_at WHERE s.updated_at <= excluded.updated_at`;

const DATA_TRANSFERS = `WITH f AS (${known(`charger_id uuid, id text, direction text, vendor_id text, message_id text, data text,
    response_status text, response_data text, error text, at timestamptz`)})
  INSERT INTO data_transfers (id, organization_id, charger_id, direction, vendor_id, message_id, data, response_status,
    response_data, error, at)
  SELECT id, organization_id, charger_id, direction, vendor_id, message_id, data, response_status, response_data, error, at
  FROM f ON CONFLICT (id) DO NOTHING`;

const STATEMENTS: Record<Exclude<HistoryFact["type"], "transaction" | "reservation">, string> = {
  meterValues: METER_VALUES,
  stopConflict: STOP_CONFLICTS,
  securityEvent: SECURITY_EVENTS,
  stationEvent: STATION_EVENTS,
  jobStatus: JOB_STATES,
  dataTransfer: DATA_TRANSFERS,
};

/**
 * Stores history facts, one idempotent statement per kind that occurs; a flush that failed half-way is sent again.
 * Returns chargers without a row.
 */
export async function applyHistory(sql: Sql, rows: SessionFactRow[]): Promise<GoneCharger[]> {
  const byType = Object.groupBy(
    rows.map((row, n) => ({ ...row, n })),
    ({ fact }) => fact.type,
  );
  const transactions = byType.transaction?.map(wireRow) ?? [];
  const gone = transactions.length > 0 ? await applyTransactions(sql, transactions) : [];
  if (byType.reservation) await applyReservations(sql, byType.reservation.map(wireRow));
  for (const [type, statement] of Object.entries(STATEMENTS)) {
    const of = byType[type as HistoryFact["type"]];
    if (of) await sql.write(statement, [JSON.stringify(of.map(wireRow))]);
  }
  return gone;
}

/** Whether a fact is stored as history. */
export function isHistory({ fact }: SessionFactRow): boolean {
  return fact.type === "transaction" || fact.type === "reservation" || Object.hasOwn(STATEMENTS, fact.type);
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
      return { ...about, ...named, reason, energy_wh: energyWh, ...end, values, ...told };
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
