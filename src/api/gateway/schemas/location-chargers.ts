import { z } from "@hono/zod-openapi";
import { BATCH_CHARGERS_MAX, type ChargerGroup } from "../../../fleet/create/expand-groups.ts";
import { catalogSlug, connectorType, ocppVersion, runtime, wsUrl } from "./charger.ts";
import { queryList, text } from "./fields.ts";
import { PageQuery } from "../page.ts";

const QUERY_IDS_MAX = 300;

const ChargerTemplate = z
  .object({
    brand_slug: catalogSlug,
    model_slug: catalogSlug,
    ocpp_version: ocppVersion,
    connector_type: connectorType,
    ws_url: wsUrl,
    runtime,
    identity_prefix: text({ max: 47 }).nullish(),
    template_name: text({ max: 150 }).nullish(),
  })
  .openapi("ChargerTemplate", {
    description: "Shared charger properties applied to every charger in a group.",
  });

export const LocationChargersGroup = z
  .object({
    template: ChargerTemplate,
    charger_ids: z
      .array(text())
      .nullish()
      .openapi({ description: "Explicit identity suffixes. Truncated to chargers_number when longer." }),
    chargers_number: z.number().int().min(1).nullish().openapi({
      description: "Chargers to create. Pads with random hex suffixes when charger_ids is shorter.",
    }),
  })
  .openapi("LocationChargersGroup");

export const CreateLocationChargersRequest = z
  .array(LocationChargersGroup)
  .min(1)
  .max(BATCH_CHARGERS_MAX)
  .openapi({
    example: [
      {
        template: {
          brand_slug: "schneider",
          model_slug: "evlink-pro-ac-22kw",
          connector_type: "CCS2",
          ocpp_version: "OCPP1.6",
          identity_prefix: "SITE_A_",
          template_name: "Charger",
        },
        charger_ids: ["001", "002"],
        chargers_number: 5,
      },
    ],
  });

export const LocationChargersQuery = z.object({
  charger_ids: queryList(QUERY_IDS_MAX),
  ...PageQuery.shape,
});

/** Field of a group in the domain → its path in the request body. */
export const GROUP_FIELD_PATHS = {
  brandSlug: ["template", "brand_slug"],
  modelSlug: ["template", "model_slug"],
  wsUrl: ["template", "ws_url"],
  identityPrefix: ["template", "identity_prefix"],
  chargerIds: ["charger_ids"],
} as const;

export function chargerGroup({ template, ...group }: z.output<typeof LocationChargersGroup>): ChargerGroup {
  return {
    template: {
      brandSlug: template.brand_slug,
      modelSlug: template.model_slug,
      ocppVersion: template.ocpp_version,
      connectorType: template.connector_type ?? null,
      wsUrl: template.ws_url ?? null,
      runtime: template.runtime ?? "simulated",
      locationName: null,
      identityPrefix: template.identity_prefix ?? "",
      templateName: template.template_name ?? null,
    },
    chargerIds: group.charger_ids ?? [],
    chargersNumber: group.chargers_number ?? null,
  };
}
