import { z } from "zod";
import type { Charger, RecordVersion } from "../ports.ts";
import { timestamp } from "./rows.ts";

/** Column `ocpp_version` of a charger. */
export const recordVersion = z.enum(["OCPP1.6", "OCPP2.0.1", "OCPP2.1"]) satisfies z.ZodType<RecordVersion>;

/** A row of `CHARGER_COLUMNS` as a `Charger`. */
export const chargerRow = z
  .object({
    id: z.string(),
    identity: z.string(),
    name: z.string().nullable(),
    vendor_name: z.string().nullable(),
    model: z.string().nullable(),
    image_url: z.string().nullable(),
    ocpp_version: recordVersion.nullable(),
    number_of_connectors: z.number().nullable(),
    max_charging_power: z.number().nullable(),
    connector_type: z.string().nullable(),
    location_id: z.string().nullable(),
    revision: z.number(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .transform((row): Charger => ({
    id: row.id,
    identity: row.identity,
    name: row.name,
    vendorName: row.vendor_name,
    model: row.model,
    imageUrl: row.image_url,
    ocppVersion: row.ocpp_version,
    numberOfConnectors: row.number_of_connectors,
    maxChargingPower: row.max_charging_power,
    connectorType: row.connector_type,
    locationId: row.location_id,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));

/** Columns of `chargerRow`, table alias `c`. A deleted charger shows its last location, for finished jobs. */
export const CHARGER_COLUMNS = `c.id, c.identity, c.name, c.vendor_name, c.model, c.image_url, c.ocpp_version,
  c.number_of_connectors, c.max_charging_power, c.connector_type, coalesce(c.location_id, c.last_location_id) AS location_id,
  c.revision, c.created_at, c.updated_at`;
