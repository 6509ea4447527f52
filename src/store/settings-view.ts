import { z } from "zod";
import type { JsonObject } from "../ocpp/json.ts";
import { LIVE_MEASURANDS } from "../ocpp/live-reading.ts";
import type { ChargerSettings, SettingsView } from "../ports.ts";
import { connectorJson } from "./connected-chargers.ts";
import { firstRow, isUuid, timestamp } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** A JSON column that only these statements write, so its contents match the type. */
const stored = <T>() => z.custom<T>((value) => typeof value === "object" && value !== null);

/** A row of `charger_settings`. */
export const settingsRow = z
  .object({
    revision: z.number(),
    desired: stored<ChargerSettings["desired"]>(),
    states: stored<ChargerSettings["states"]>(),
    station: stored<ChargerSettings["station"]>(),
    updated_at: timestamp,
  })
  .transform(({ updated_at, ...row }): ChargerSettings => ({ ...row, updatedAt: updated_at }));

/** Meter messages searched for each measurand, newest first. A measurand that none of them contains is unknown. */
const NEWEST_MESSAGES = 256;

const VIEW = `SELECT c.id, c.identity, c.name, c.created_at, coalesce(k.vendor, c.vendor_name) AS vendor,
    coalesce(k.model, c.model) AS model, l.id AS location_id, l.name AS location_name, k.online, k.ocpp_version,
    k.serial_number, k.firmware_version, k.updated_at AS connection_at,
    (SELECT coalesce(jsonb_agg(to_jsonb(n) ORDER BY n.evse_id, n.connector_id), '[]') FROM connectors n WHERE n.charger_id = c.id) AS connectors,
    s.revision, s.desired, s.states, s.station, s.updated_at, t.id AS transaction,
    (t.last_meter_wh - t.meter_start_wh + t.meter_offset_wh)::float8 AS energy_wh, m.newest, coalesce(m.at, t.updated_at) AS charge_at
  FROM chargers c LEFT JOIN locations l ON l.id = c.location_id LEFT JOIN charger_connections k ON k.charger_id = c.id
  LEFT JOIN charger_settings s ON s.charger_id = c.id
  LEFT JOIN LATERAL (SELECT * FROM transactions x WHERE x.charger_id = c.id AND x.status = 'in_progress'
    ORDER BY x.transaction_id DESC LIMIT 1) t ON true
  LEFT JOIN LATERAL (
    SELECT (SELECT v.at FROM meter_values v WHERE v.organization_id = c.organization_id
        AND v.transaction_id = t.transaction_id ORDER BY v.at DESC LIMIT 1) AS at,
      (SELECT jsonb_object_agg(w.measurand, to_jsonb(n)) FROM unnest('{${LIVE_MEASURANDS.join()}}'::text[]) AS w(measurand) CROSS JOIN LATERAL (
        SELECT v."values" AS meter_value, v.at, v.received_at FROM (SELECT * FROM meter_values x
            WHERE x.organization_id = c.organization_id AND x.transaction_id = t.transaction_id
            ORDER BY x.at DESC LIMIT ${NEWEST_MESSAGES}) v
          WHERE v."values" @> jsonb_build_array(jsonb_build_object('sampledValue',
            jsonb_build_array(jsonb_build_object('measurand', w.measurand))))
          ORDER BY v.at DESC LIMIT 1) n) AS newest
  ) m ON t.transaction_id IS NOT NULL
  WHERE c.id = $2::uuid AND c.organization_id = $1::uuid AND c.deleted_at IS NULL`;

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

const meterMessage = z
  .object({
    meter_value: z.array(z.custom<JsonObject>(isObject)),
    at: z.coerce.date(),
    received_at: z.coerce.date(),
  })
  .transform((row) => ({ meterValue: row.meter_value, at: row.at, receivedAt: row.received_at }));

const viewRow = z
  .object({
    id: z.string(),
    identity: z.string(),
    name: z.string().nullable(),
    created_at: timestamp,
    vendor: z.string().nullable(),
    model: z.string().nullable(),
    location_id: z.string().nullable(),
    location_name: z.string().nullable(),
    online: z.boolean().nullable(),
    ocpp_version: z.string().nullable(),
    serial_number: z.string().nullable(),
    firmware_version: z.string().nullable(),
    connection_at: timestamp.nullable(),
    connectors: z.array(connectorJson),
    revision: z.number().nullable(),
    transaction: z.string().nullable(),
    energy_wh: z.number().nullable(),
    newest: z.partialRecord(z.enum(LIVE_MEASURANDS), meterMessage).nullable(),
    charge_at: timestamp.nullable(),
  })
  .transform((row): Omit<SettingsView, "settings"> & { isSet: boolean } => ({
    chargerId: row.id,
    identity: row.identity,
    name: row.name,
    createdAt: row.created_at,
    vendor: row.vendor,
    model: row.model,
    location: row.location_id === null ? null : { id: row.location_id, name: row.location_name ?? "" },
    connection:
      row.connection_at === null
        ? null
        : {
            online: row.online ?? false,
            ocppVersion: row.ocpp_version,
            serialNumber: row.serial_number,
            firmwareVersion: row.firmware_version,
            updatedAt: row.connection_at,
          },
    connectors: row.connectors,
    charge:
      row.transaction === null || row.charge_at === null
        ? null
        : {
            id: row.transaction,
            energyWh: row.energy_wh,
            newest: row.newest ?? {},
            updatedAt: row.charge_at,
          },
    isSet: row.revision !== null,
  }));

/** Reads the view of one charger in one statement; null: no such charger. */
export async function readSettingsView(
  sql: Sql,
  organizationId: string,
  chargerId: string,
): Promise<SettingsView | null> {
  if (!isUuid(chargerId)) return null;
  const rows = await sql.read(VIEW, [organizationId, chargerId]);
  const found = firstRow(viewRow, rows);
  if (!found) return null;
  const { isSet, ...charger } = found;
  return { ...charger, settings: isSet ? firstRow(settingsRow, rows) : null };
}
