import type { SessionFact } from "../ports.ts";
import { changesSql, energyKwh, eventsSql } from "./events.ts";

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
) => `SELECT x.*, o.organization_id, o.identity FROM jsonb_to_recordset($1::jsonb) AS x(n int, charger_id uuid, ${columns})
  CROSS JOIN LATERAL (SELECT c.organization_id, c.identity FROM chargers c WHERE c.id = x.charger_id LIMIT 1) o`;

/**
 * Id derived from the content of a row, because stations repeat messages under new message ids and after long times.
 */
const idOf = (content: string) =>
  `encode(substring(sha256(convert_to(jsonb_build_array(${content})::text, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid`;

/**
 * A reading of a running transaction is an event, the first of each span of time that the organisation wants one of. The id of the
 * event is that of the span, so the others are taken for repeats.
 */
const READINGS = `SELECT f.n, f.organization_id, f.charger_id, f.identity, 'transaction.updated' AS type, f.at,
      CASE WHEN o.every > 0 THEN date_bin(o.every * interval '1 second', f.at, 'epoch') ELSE f.at END AS span,
      CASE WHEN o.every > 0 THEN jsonb_build_array(t.id) ELSE jsonb_build_array(t.id, f.id) END AS about,
      json_build_object('transactionId', f.transaction_id, 'chargeBoxId', f.identity, 'connectorId', coalesce(f.evse_id, t.evse_id),
        'meterValue', f.energy_wh, 'energyDelivered', ${energyKwh("f.energy_wh", "t.meter_start_wh", "t.meter_offset_wh")},
        'power', f.power_w, 'current', f.current_a, 'soc', f.soc) AS data
    FROM f JOIN stored USING (id)
    CROSS JOIN LATERAL (SELECT x.id, x.evse_id, x.meter_start_wh, x.meter_offset_wh FROM transactions x
      WHERE x.organization_id = f.organization_id AND x.transaction_id = f.transaction_id LIMIT 1) t
    CROSS JOIN LATERAL (SELECT x.transaction_update_seconds AS every FROM organizations x WHERE x.id = f.organization_id LIMIT 1) o
    WHERE f.reason <> 'StopTransaction' AND num_nonnulls(f.energy_wh, f.power_w, f.current_a, f.soc) > 0`;

const METER_VALUES = `WITH f AS (
    SELECT y.*, ${idOf('charger_id, transaction_id, claimed_id, evse_id, reason, energy_wh, "values", told_at')} AS id
    FROM (${known(`transaction_id int, claimed_id text, evse_id int, reason text, energy_wh bigint, stop_reason text,
      id_tag text, "values" jsonb, at timestamptz, told_at text, received_at timestamptz, power_w float8, current_a float8,
      soc float8`)}) y
  ), stored AS (
    INSERT INTO meter_values (id, organization_id, charger_id, transaction_id, claimed_id, evse_id, reason, energy_wh, stop_reason,
      id_tag, "values", at, received_at)
    SELECT id, organization_id, charger_id, transaction_id, claimed_id, evse_id, reason, energy_wh, stop_reason, id_tag, "values",
      at, received_at
    FROM f ON CONFLICT (id) DO NOTHING RETURNING id
  ), event AS (
    ${READINGS}
  ), ${eventsSql("event", "span")}
  SELECT * FROM told`;

const STOP_CONFLICTS = `WITH f AS (${known("transaction_id int, kept jsonb, told jsonb, received_at timestamptz")})
  INSERT INTO stop_conflicts (charger_id, id, organization_id, transaction_id, kept, told, received_at)
  SELECT charger_id, ${idOf("transaction_id, kept, told")}, organization_id, transaction_id, kept, told, received_at
  FROM f ON CONFLICT (charger_id, id) DO NOTHING`;

const SECURITY_EVENTS = `WITH f AS (
    SELECT n, charger_id, coalesce(id, ${idOf("charger_id, source, name, tech_info")}) AS id, source, name, tech_info, at,
      received_at, organization_id, identity
    FROM (${known("id uuid, source text, name text, tech_info text, at timestamptz, received_at timestamptz")}) y
  ), stored AS (
    INSERT INTO security_events (id, organization_id, charger_id, source, name, tech_info, at, received_at)
    SELECT id, organization_id, charger_id, source, name, tech_info, at, received_at FROM f
    ON CONFLICT (id) DO NOTHING RETURNING id
  ), event AS (
    SELECT n, organization_id, charger_id, identity, 'security.event' AS type, at, jsonb_build_array(id) AS about,
      json_build_object('chargeBoxId', identity, 'source', source, 'type', name, 'techInfo', tech_info) AS data
    FROM f JOIN stored USING (id)
  ), ${eventsSql("event")}
  SELECT * FROM told`;

const STATION_EVENTS = `WITH f AS (${known("action text, payload jsonb, at timestamptz, told_at text, received_at timestamptz")})
  INSERT INTO station_events (id, organization_id, charger_id, action, payload, at, received_at)
  SELECT ${idOf("charger_id, action, payload, told_at")}, organization_id, charger_id, action, payload, at,
    received_at
  FROM f ON CONFLICT (id) DO NOTHING`;

const JOB_CHANGES = changesSql({
  table: "charger_job_states",
  keys: ["job"],
  state: ["status", "request_id"],
});

const JOB_STATES = `WITH f AS (${known("job text, status text, request_id int, at timestamptz")}
  ), stored AS (
    INSERT INTO charger_job_states AS s (charger_id, organization_id, job, status, request_id, updated_at)
    SELECT DISTINCT ON (charger_id, job) charger_id, organization_id, job, status, request_id, at
    FROM f ORDER BY charger_id, job, n DESC
    ON CONFLICT (charger_id, job) DO UPDATE SET status = excluded.status, request_id = excluded.request_id,
      updated_at = excluded.updated_at WHERE s.updated_at <= excluded.updated_at
  ), event AS (
    SELECT n, organization_id, charger_id, identity, at, jsonb_build_array(job, status, request_id) AS about,
      CASE WHEN job = 'diagnostics' THEN 'diagnostics.status_changed' ELSE 'firmware.status_changed' END AS type,
      CASE WHEN job = 'diagnostics' THEN json_build_object('chargeBoxId', identity, 'status', status, 'requestId', request_id)
        ELSE json_build_object('chargeBoxId', identity, 'status', status, 'requestId', request_id,
          'published', job = 'published_firmware') END AS data
    FROM (${JOB_CHANGES}) s
  ), ${eventsSql("event")}
  SELECT * FROM told`;

const DATA_TRANSFERS = `WITH f AS (${known(`id text, direction text, vendor_id text, message_id text, data text, response_status text,
      response_data text, error text, at timestamptz`)}
  ), stored AS (
    INSERT INTO data_transfers (id, organization_id, charger_id, direction, vendor_id, message_id, data, response_status,
      response_data, error, at)
    SELECT id, organization_id, charger_id, direction, vendor_id, message_id, data, response_status, response_data, error, at
    FROM f ON CONFLICT (id) DO NOTHING RETURNING id
  ), event AS (
    SELECT n, organization_id, charger_id, identity, 'data_transfer.received' AS type, at, jsonb_build_array(id) AS about,
      json_build_object('chargeBoxId', identity, 'vendorId', vendor_id, 'messageId', message_id, 'data', data) AS data
    FROM f JOIN stored USING (id) WHERE direction = 'incoming'
  ), ${eventsSql("event")}
  SELECT * FROM told`;

/** Statements by the type of their facts; those of transactions and reservations stand with their tables. */
export const HISTORY_STATEMENTS: Record<
  Exclude<HistoryFact["type"], "transaction" | "reservation">,
  string
> = {
  meterValues: METER_VALUES,
  stopConflict: STOP_CONFLICTS,
  securityEvent: SECURITY_EVENTS,
  stationEvent: STATION_EVENTS,
  jobStatus: JOB_STATES,
  dataTransfer: DATA_TRANSFERS,
};
