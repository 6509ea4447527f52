import type { ChargerBlueprint, RecordVersion, Runtime } from "../../ports.ts";
import { findBrand, findModel } from "./catalog.ts";

/** Properties of a charger as a client gives them; null: not given. */
export interface ChargerTemplate {
  brandSlug: string;
  modelSlug: string;
  ocppVersion: RecordVersion;
  connectorType: string | null;
  wsUrl: string | null;
  runtime: Runtime;
  locationName: string | null;
}

/** "unknown": the catalog has no such brand or model; `field` names which. */
export type BlueprintResult =
  | { kind: "ok"; blueprint: ChargerBlueprint }
  | { kind: "unknown"; field: "brandSlug" | "modelSlug"; reason: string };

/** Completes a template with the catalog's values of its brand and model. "unknown": no such brand or model. */
export function blueprintOf(template: ChargerTemplate): BlueprintResult {
  const { brandSlug, modelSlug } = template;
  const brand = findBrand(brandSlug);
  if (!brand) return { kind: "unknown", field: "brandSlug", reason: `unknown brand '${brandSlug}'` };
  const model = findModel(brandSlug, modelSlug);
  if (!model)
    return {
      kind: "unknown",
      field: "modelSlug",
      reason: `unknown model '${modelSlug}' of brand '${brandSlug}'`,
    };
  const blueprint: ChargerBlueprint = {
    ...template,
    vendorName: brand.name,
    model: model.name,
    imageUrl: model.imageUrl,
    numberOfConnectors: model.connectorCount,
    maxChargingPower: Math.round(Math.max(...model.powerStepsKw) * 1000),
    connectorType: template.connectorType ?? model.connectorTypes[0] ?? null,
  };
  return { kind: "ok", blueprint };
}
