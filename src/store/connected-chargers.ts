import { z } from "zod";
import type { ChargerStore, ConnectedCharger } from "../ports.ts";
import { chargerPage } from "./charger-pages.ts";
import { eventsSql } from "./events.ts";
import { firstRow, parseRows, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";

const version = z.enum(["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]);

/** A row of `connectors`, aggregated to JSON. */
export const connectorJson = z
  .object({
    evse_id: z.number(),
    connector_id: z.number(),
    status: z.string(),
    error_code: z.string(),
    updated_at: z.string(),
  })
  .transform((row) => ({
    evseId: row.evse_id,
    connectorId: row.connector_id,
    status: row.status,
    errorCode: row.error_code,
    updatedAt: new Date(row.updated_at),
  }));

const toldStop = z.object({
  meterStopWh: z.number().nullable(),
  stoppedAt: z.string(),
  stopReason: z.string(),
});

const stopConflictJson = z
  .object({ transaction_id: z.number(), kept: toldStop, told: toldStop, received_at: z.string() })
  .transform(({ transaction_id, received_at, ...stops }) => ({
    transactionId: transaction_id,
    ...stops,
    receivedAt: new Date(received_at),
  }));

const connectedRow = z
  .object({
    id: z.string(),
    identity: z.string(),
    name: z.string().nullable(),
    location: z.string().nullable(),
    security_profile: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    registration_status: z.enum(["Accepted", "Pending", "Rejected"]),
    created_at: timestamp,
    online: z.boolean(),
    ocpp_version: version.nullable(),
    vendor: z.string().nullable(),
    model: z.string().nullable(),
    serial_number: z.string().nullable(),
    firmware_version: z.string().nullable(),
    last_message_at: timestamp.nullable(),
    key_lost: z.boolean(),
    connectors: z.array(connectorJson),
    stop_conflicts: z.array(stopConflictJson).optional(),
  })
  .transform((row): ConnectedCharger => ({
    id: row.id,
    identity: row.identity,
    name: row.name,
    location: row.location,
    securityProfile: row.security_profile,
    registrationStatus: row.registration_status,
    registeredAt: row.created_at,
    online: row.online,
    ocppVersion: row.ocpp_version,
    vendor: row.vendor,
    model: row.model,
    serialNumber: row.serial_number,
    firmwareVersion: row.firmware_version,
    lastMessageAt: row.last_message_at,
    isKeyLost: row.key_lost,
    connectors: row.connectors,
    stopConflicts: row.stop_conflicts ?? [],
  }));

const COLUMNS = `c.id, c.identity, c.name, c.location_name AS location, c.security_profile, c.registration_status, c.created_at,
  coalesce(s.online, false) AS online, s.ocpp_version, s.vendor, s.model, s.serial_number, s.firmware_version, s.last_message_at,
  c.key_lost_at IS NOT NULL AS key_lost,
  (SELECT coalesce(jsonb_agg(to_jsonb(k) ORDER BY k.evse_id, k.connector_id), '[]') FROM connectors k WHERE k.charger_id = c.id) AS connectors`;

const STOP_CONFLICTS_SHOWN = 10;

const STOP_CONFLICTS = `(SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.received_at DESC), '[]') FROM (
    SELECT transaction_id, kept, told, received_at FROM stop_conflicts WHERE charger_id = c.id
    ORDER BY received_at DESC LIMIT ${STOP_CONFLICTS_SHOWN}) x) AS stop_conflicts`;

const JOIN = "LEFT JOIN charger_connections s ON s.charger_id = c.id";

const SET_REGISTRATION = `WITH old AS (
    SELECT id, organization_id, identity, registration_status AS previous FROM chargers
    WHERE organization_id = $1::uuid AND identity = $2 AND deleted_at IS NULL FOR UPDATE
  ), changed AS (
    UPDATE chargers c SET registration_status = $3::text, revision = c.revision + 1, updated_at = $4::timestamptz
    FROM old WHERE c.id = old.id AND previous <> $3::text
    RETURNING c.id
  ), event AS (
    SELECT 1 AS n, organization_id, old.id AS charger_id, identity, 'charger.registration_changed' AS type, $4::timestamptz AS at,
      '[]'::jsonb AS about,
      json_build_object('chargeBoxId', identity, 'registrationStatus', $3::text, 'previousStatus', previous) AS data
    FROM old JOIN changed ON changed.id = old.id
  ), ${eventsSql("event")}
  SELECT id FROM old`;

const LIST = { columns: COLUMNS, join: JOIN, order: "newestFirst" } as const;

/** Chargers as `/api/v1` shows them, with the state that their sessions flushed. */
export function connectedChargers(
  sql: Sql,
): Pick<ChargerStore, "findByIdentity" | "listConnected" | "setRegistration"> {
  return {
    async setRegistration(organizationId, identity, status, now) {
      const rows = await sql.store(SET_REGISTRATION, [organizationId, identity, status, now], "repeat");
      return firstRow(z.object({ id: z.string() }), rows);
    },

    async findByIdentity(organizationId, identity) {
      const rows = await sql.read(
        `SELECT ${COLUMNS}, ${STOP_CONFLICTS} FROM chargers c ${JOIN}
         WHERE c.organization_id = $1::uuid AND c.identity = $2 AND c.deleted_at IS NULL`,
        [organizationId, identity],
      );
      return firstRow(connectedRow, rows);
    },

    /** Newest first. */
    async listConnected(organizationId, { online }, page) {
      const { total, rows } = await chargerPage(sql, LIST, organizationId, { online }, page);
      return { total, rows: parseRows(connectedRow, rows) };
    },
  };
}
