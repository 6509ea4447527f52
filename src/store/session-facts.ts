import { z } from "zod";
import type { GoneCharger, SessionFactRow, StoredEvent } from "../ports.ts";
import { changesSql, eventsSql, NO_EVENT, splitTold } from "./events.ts";
import { parseRows } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { applyHistory, int32, isHistory } from "./station-history.ts";

/**
 * A session whose line is lost may repeat facts that it told days before: those are known, and their events may be pruned already.
 * Less than the time that events are kept.
 */
const REPORTED_WITHIN = "interval '6 days'";

const LINE_EVENTS = `SELECT n, organization_id, charger_id, identity, at, jsonb_build_array(generation) AS about,
      CASE WHEN type = 'boot' THEN 'charger.boot' WHEN online THEN 'charger.connected' ELSE 'charger.disconnected' END AS type,
      CASE WHEN type = 'boot' THEN json_build_object('chargeBoxId', identity, 'vendor', vendor, 'model', model,
          'serialNumber', serial_number, 'firmwareVersion', firmware_version, 'registrationStatus', registration_status)
        WHEN online THEN json_build_object('chargeBoxId', identity, 'ocppVersion', ocpp_version)
        ELSE json_build_object('chargeBoxId', identity, 'code', close_code, 'reason', close_reason) END AS data
    FROM f WHERE type IN ('connection', 'boot')`;

const CONNECTOR_CHANGES = changesSql({
  table: "connectors",
  keys: ["evse_id", "connector_id"],
  state: ["status", "error_code"],
});

const CONNECTOR_EVENTS = `SELECT n, organization_id, charger_id, identity, at,
      jsonb_build_array(evse_id, connector_id, status, error_code), 'connector.status_changed',
      json_build_object('chargeBoxId', identity, 'connectorId', evse_id, 'status', status, 'previousStatus', previous_status,
        'errorCode', error_code)
    FROM (${CONNECTOR_CHANGES}) k`;

/**
 * Applies connection, boot, connector and seen facts of a flush in one idempotent statement. A fact of an older
 * generation is ignored; within a generation so is a connector fact of an older time. A generation is one connection
 * of the station: any fact of a newer generation shows that it is connected, and "offline" is final, because a host
 * may write the beginning after the session has written more. A boot makes the managed local list of a charger due. Of deleted chargers only "offline" is applied. Chargers
 * are looked up one by one (LATERAL), because without statistics the planner would scan the whole table for each flush.
 */
const APPLY = `WITH f AS (
    SELECT x.*, known.organization_id, known.identity, known.created_at,
      x.generation = max(x.generation) OVER (PARTITION BY x.charger_id) AS is_newest
    FROM jsonb_to_recordset($1::jsonb) AS x(n int, charger_id uuid, generation int, at timestamptz, type text,
      online boolean, ocpp_version text, vendor text, model text, serial_number text, firmware_version text,
      evse_id int, connector_id int, status text, error_code text,
      close_code int, close_reason text, registration_status text)
    CROSS JOIN LATERAL (
      SELECT c.deleted_at, c.organization_id, c.identity, c.created_at FROM chargers c WHERE c.id = x.charger_id LIMIT 1) known
    WHERE known.deleted_at IS NULL OR NOT x.online
  ), latest AS (
    SELECT charger_id, organization_id, created_at, max(generation) AS generation, max(at) AS at,
      max(at) FILTER (WHERE online IS DISTINCT FROM false) AS seen_at,
      (array_agg(online ORDER BY n DESC) FILTER (WHERE type = 'connection' AND is_newest))[1] AS online,
      (array_agg(ocpp_version ORDER BY n DESC) FILTER (WHERE type = 'connection'))[1] AS ocpp_version,
      (array_agg(vendor ORDER BY n DESC) FILTER (WHERE type = 'boot'))[1] AS vendor,
      (array_agg(model ORDER BY n DESC) FILTER (WHERE type = 'boot'))[1] AS model,
      (array_agg(serial_number ORDER BY n DESC) FILTER (WHERE type = 'boot'))[1] AS serial_number,
      (array_agg(firmware_version ORDER BY n DESC) FILTER (WHERE type = 'boot'))[1] AS firmware_version,
      bool_or(type = 'boot') AS booted
    FROM f GROUP BY charger_id, organization_id, created_at
  ), connection AS (
    INSERT INTO charger_connections AS s (charger_id, online, generation, ocpp_version, vendor, model, serial_number,
      firmware_version, last_message_at, updated_at, organization_id, created_at)
    SELECT charger_id, coalesce(online, generation > 0), generation, ocpp_version, vendor, model, serial_number, firmware_version, seen_at, at,
      organization_id, created_at
    FROM latest
    ON CONFLICT (charger_id) DO UPDATE SET
      online = CASE WHEN s.generation = excluded.generation AND s.updated_at > excluded.updated_at THEN s.online AND excluded.online
        ELSE coalesce((SELECT l.online FROM latest l WHERE l.charger_id = s.charger_id),
          s.online OR s.generation < excluded.generation) END,
      generation = excluded.generation,
      ocpp_version = coalesce(excluded.ocpp_version, s.ocpp_version),
      vendor = coalesce(excluded.vendor, s.vendor), model = coalesce(excluded.model, s.model),
      serial_number = CASE WHEN excluded.vendor IS NULL THEN s.serial_number ELSE excluded.serial_number END,
      firmware_version = CASE WHEN excluded.vendor IS NULL THEN s.firmware_version ELSE excluded.firmware_version END,
      last_message_at = greatest(s.last_message_at, excluded.last_message_at),
      updated_at = greatest(s.updated_at, excluded.updated_at)
      WHERE s.generation <= excluded.generation
  ), catalog AS (
    UPDATE chargers c SET vendor_name = l.vendor, model = l.model, updated_at = l.at, revision = c.revision + 1
    FROM latest l WHERE c.id = ANY(ARRAY(SELECT charger_id FROM latest WHERE booted))
      AND c.id = l.charger_id AND c.brand_slug IS NULL
      AND (c.vendor_name IS DISTINCT FROM l.vendor OR c.model IS DISTINCT FROM l.model)
  )
  , listed AS (
    UPDATE charger_local_lists SET boots = boots + 1
    WHERE mode = 'managed' AND charger_id = ANY(ARRAY(SELECT charger_id FROM latest WHERE booted))
  ), connector AS (
    INSERT INTO connectors AS k (charger_id, evse_id, connector_id, status, error_code, updated_at)
    SELECT DISTINCT ON (charger_id, evse_id, connector_id) charger_id, evse_id, connector_id, status, error_code, at
    FROM f WHERE type = 'connector' ORDER BY charger_id, evse_id, connector_id, n DESC
    ON CONFLICT (charger_id, evse_id, connector_id) DO UPDATE SET status = excluded.status,
      error_code = excluded.error_code, updated_at = excluded.updated_at WHERE k.updated_at <= excluded.updated_at
  ), event AS (
    SELECT * FROM (${LINE_EVENTS} UNION ALL ${CONNECTOR_EVENTS}) e WHERE at > now() - ${REPORTED_WITHIN}
  ), ${eventsSql("event")}
  SELECT NULL::uuid AS charger_id, false AS is_deleted, * FROM told
  UNION ALL SELECT x.charger_id, known.deleted_at IS NOT NULL, ${NO_EVENT}
  FROM (SELECT DISTINCT charger_id FROM jsonb_to_recordset($1::jsonb) AS r(charger_id uuid)) x
  LEFT JOIN LATERAL (SELECT c.deleted_at, true AS found FROM chargers c WHERE c.id = x.charger_id LIMIT 1) known ON true
  WHERE known.found IS NULL OR known.deleted_at IS NOT NULL`;

const goneRow = z
  .object({ charger_id: z.string(), is_deleted: z.boolean() })
  .transform((row): GoneCharger => ({ chargerId: row.charger_id, isDeleted: row.is_deleted }));

/** Extends leases that a settings run has started and none has ended. */
const RENEW = `UPDATE charger_settings s SET lease_until = to_timestamp(x.until_ms / 1000.0),
    station = s.station || jsonb_build_object('leaseUntilMs', x.until_ms)
  FROM (SELECT charger_id, max(until_ms) AS until_ms
    FROM jsonb_to_recordset($1::jsonb) AS r(charger_id uuid, until_ms bigint) GROUP BY charger_id) x
  WHERE s.charger_id = x.charger_id AND s.lease_until < to_timestamp(x.until_ms / 1000.0)`;

/**
 * Stores the key digests that a session accepts. A session that has a key did not lose it, so `key_lost_at` is reset.
 */
const CREDENTIALS = `UPDATE chargers c SET credential = x.credential, key_lost_at = NULL
  FROM (SELECT DISTINCT ON (charger_id) charger_id, credential
    FROM jsonb_to_recordset($1::jsonb) AS r(n int, charger_id uuid, credential jsonb) ORDER BY charger_id, n DESC) x
  WHERE c.id = x.charger_id AND c.credential IS DISTINCT FROM x.credential`;

/**
 * Applies the facts of a flush, one statement per kind. Idempotent. Returns chargers that have no row or a deleted
 * one, as far as transactions, connections and statuses show it. `onEvents` gets the events that each statement stored.
 */
export async function applySessionFacts(
  sql: Sql,
  rows: SessionFactRow[],
  onEvents: (events: StoredEvent[]) => void = () => undefined,
): Promise<GoneCharger[]> {
  const leases = rows.flatMap(({ chargerId, fact }) =>
    fact.type === "lease" ? [{ charger_id: chargerId, until_ms: fact.untilMs }] : [],
  );
  if (leases.length > 0) await sql.write(RENEW, [JSON.stringify(leases)]);
  const credentials = rows.flatMap(({ chargerId, fact }, n) =>
    fact.type === "credential" ? [{ n, charger_id: chargerId, credential: fact.credential }] : [],
  );
  if (credentials.length > 0) await sql.write(CREDENTIALS, [JSON.stringify(credentials)]);
  const history = rows.filter(isHistory);
  const gone = history.length > 0 ? await applyHistory(sql, history, onEvents) : [];
  const projected = rows.filter((row) => !isHistory(row) && row.fact.type !== "credential");
  if (projected.length === 0) return gone;
  const facts = projected.map(({ chargerId, generation, atMs, fact }, n) => ({
    n,
    charger_id: chargerId,
    generation,
    at: new Date(atMs).toISOString(),
    ...wireFact(fact),
  }));
  const { events, others } = splitTold(await sql.write(APPLY, [JSON.stringify(facts)]));
  if (events.length > 0) onEvents(events);
  return [...gone, ...parseRows(goneRow, others)];
}

function wireFact(fact: SessionFactRow["fact"]): Record<string, unknown> {
  switch (fact.type) {
    case "connection":
      return {
        type: fact.type,
        online: fact.online,
        ocpp_version: fact.ocppVersion,
        close_code: fact.close?.code,
        close_reason: fact.close?.reason,
      };
    case "boot":
      return {
        type: fact.type,
        vendor: fact.vendor,
        model: fact.model,
        serial_number: fact.serialNumber,
        firmware_version: fact.firmwareVersion,
        registration_status: fact.registrationStatus,
      };
    case "connector":
      return {
        type: fact.type,
        evse_id: int32(fact.evseId),
        connector_id: int32(fact.connectorId),
        status: fact.status,
        error_code: fact.errorCode,
      };
    default:
      return { type: fact.type };
  }
}
