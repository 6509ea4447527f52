import { z } from "@hono/zod-openapi";
import type { Charger, ChargerProvisioning, RecordVersion } from "../../../ports.ts";
import { ProvisioningError, itemError } from "./error.ts";
import { IDENTITY_SHAPE } from "../../../ocpp/identity.ts";
import { dateTime, identity, queryBoolean, queryText, queryWord, text } from "./fields.ts";
import { PageQuery, pageOf } from "../page.ts";

const VERSIONS: readonly RecordVersion[] = ["OCPP1.6", "OCPP2.0.1", "OCPP2.1"];

export const ocppVersion = text()
  .transform((value, ctx): RecordVersion => {
    const known = VERSIONS.find((version) => version === value.toUpperCase());
    if (known) return known;
    ctx.addIssue({ code: "invalid_value", values: [...VERSIONS], input: value });
    return z.NEVER;
  })
  .openapi({ type: "string", enum: [...VERSIONS], description: "Compared without regard to case" });

export const runtime = text()
  .pipe(z.enum(["simulated", "external"]))
  .nullish()
  // No `default`: client generators make a property with a default required.
  .openapi({
    type: ["string", "null"],
    enum: ["simulated", "external", null],
    description: "Absent or null: simulated",
  });

export const connectorType = text({ min: 1, max: 32 }).nullish().openapi({ example: "CCS2" });

export const wsUrl = text({ max: 2048 }).nullish().openapi({
  description: "ws or wss URL of the CSMS; null: this deployment",
  example: "wss://csms.example.com/ocpp",
});

export const catalogSlug = text({ min: 1, max: 100 });

export const CreateChargerRequest = z
  .object({
    identity,
    brand_slug: catalogSlug,
    model_slug: catalogSlug,
    ocpp_version: ocppVersion,
    location_id: text().openapi({ description: "`id` of a location: createLocation answers it" }),
    connector_type: connectorType,
    ws_url: wsUrl,
    charge_point_name: text({ min: 1, max: 255 }).nullish(),
    location_name: text({ min: 1, max: 255 }).nullish(),
    runtime,
  })
  .openapi("CreateChargerRequest", {
    example: {
      identity: "CP-FAST-201",
      brand_slug: "abb",
      model_slug: "terra-184",
      connector_type: "CCS2",
      ocpp_version: "OCPP2.0.1",
      charge_point_name: "Fast Bay 01",
      location_id: "LOCATION_ID",
      location_name: "La Defense Charging Hub",
    },
  });

export const ChargerProvisioningStatus = z
  .enum(["PENDING", "PROVISIONING", "READY", "FAILED"])
  .openapi("ChargerProvisioningStatus", {
    description:
      "PENDING: stored, the run has not started. PROVISIONING: the run is published or working. READY and FAILED are final; READY says nothing about the connection.",
  });

export const ChargerAcceptedResponse = z
  .object({
    charger_id: z.string(),
    identity: z.string(),
    status: ChargerProvisioningStatus,
    status_url: z.string(),
    workflow_run_id: z.string().nullable(),
  })
  .openapi("ChargerAcceptedResponse", {
    example: {
      charger_id: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10",
      identity: "CP-FAST-201",
      status: "PENDING",
      status_url: "/ocpp/chargers/0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10/status",
      workflow_run_id: null,
    },
  });

export const ChargerStatusResponse = z
  .object({
    charger_id: z.string(),
    status: ChargerProvisioningStatus,
    workflow_run_id: z.string().nullable(),
    error: ProvisioningError.nullable().openapi({ description: "Set when status is FAILED" }),
    provisioned_at: dateTime.nullable(),
  })
  .openapi("ChargerStatusResponse");

export const ChargerResponse = z
  .object({
    id: z.string(),
    identity: z.string(),
    name: z.string().nullable(),
    vendor_name: z.string().nullable(),
    model: z.string().nullable(),
    image_url: z.string().nullable(),
    ocpp_version: z.string().nullable(),
    number_of_connectors: z.number().int().nullable(),
    max_charging_power: z.number().int().nullable().openapi({ description: "W" }),
    connector_type: z.string().nullable(),
    location_id: z.string().nullable(),
    created_at: dateTime.nullable(),
    updated_at: dateTime.nullable(),
  })
  .openapi("ChargerResponse", {
    description: "Charger deployment payload returned by the CRUD endpoints.",
    example: {
      id: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10",
      identity: "CP-TEST-001",
      name: "Bay A01",
      vendor_name: "Wallbox",
      model: "Pulsar Plus",
      image_url: null,
      ocpp_version: "OCPP1.6",
      number_of_connectors: 1,
      max_charging_power: 22000,
      connector_type: "Type2",
      location_id: "4090477f-a416-4515-a302-97aa344a0a2a",
      created_at: "2026-04-02T09:15:00.000Z",
      updated_at: "2026-04-02T09:15:00.000Z",
    },
  });

export const DeletedChargerResponse = z
  .object({ msg: z.string(), charger_id: z.string() })
  .openapi("DeletedChargerResponse", {
    example: { msg: "Charger deleted", charger_id: "0199f3c2-7b1e-7d4a-8c55-2f6f0c7a9e10" },
  });

export const ChargerListResponse = pageOf(ChargerResponse).openapi("ChargerListResponse");

export const ChargerListQuery = z.object({
  location_id: queryText().openapi({ description: "Only chargers of this location" }),
  status: queryWord(ChargerProvisioningStatus.options).openapi({
    description: "Only chargers in this state",
  }),
  identity_prefix: queryText()
    .pipe(z.string().regex(IDENTITY_SHAPE).optional())
    .openapi({ type: "string", description: "Only chargers whose identity begins so; case-sensitive" }),
  online: queryBoolean().openapi({
    description: "Only chargers that are connected, or only those that are not",
  }),
  ...PageQuery.shape,
});

export const ChargerParams = z.object({
  charger_id: z.string().openapi({ description: "`charger_id` of createCharger, `id` of listChargers" }),
});

export function chargerResponse(charger: Charger): z.infer<typeof ChargerResponse> {
  return {
    id: charger.id,
    identity: charger.identity,
    name: charger.name,
    vendor_name: charger.vendorName,
    model: charger.model,
    image_url: charger.imageUrl,
    ocpp_version: charger.ocppVersion,
    number_of_connectors: charger.numberOfConnectors,
    max_charging_power: charger.maxChargingPower,
    connector_type: charger.connectorType,
    location_id: charger.locationId,
    created_at: charger.createdAt.toISOString(),
    updated_at: charger.updatedAt.toISOString(),
  };
}

export function chargerStatusResponse(
  provisioning: ChargerProvisioning,
): z.infer<typeof ChargerStatusResponse> {
  return {
    charger_id: provisioning.chargerId,
    status: provisioning.status,
    workflow_run_id: provisioning.workflowRunId,
    error: provisioning.error && itemError(provisioning.error),
    provisioned_at: provisioning.provisionedAt?.toISOString() ?? null,
  };
}
