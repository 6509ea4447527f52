import { randomBytes } from "node:crypto";

export const RUNTIMES = ["simulated", "external"] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** Half the fleet is AC on OCPP 1.6, the other half DC on OCPP 2.0.1. */
const MODELS = [
  { model_slug: "generic-ac-22kw", ocpp_version: "OCPP1.6", template_name: "AC" },
  { model_slug: "generic-dc-150kw", ocpp_version: "OCPP2.0.1", template_name: "DC" },
];

/** Body of a bulk create for `chargers` charge points. Identities differ from run to run and count from 1. */
export function fleetRequest(chargers: number, runtime: Runtime): object[] {
  const site = randomBytes(2).toString("hex").toUpperCase();
  const digits = String(chargers).length;
  const numbers = Array.from({ length: chargers }, (_, index) => String(index + 1).padStart(digits, "0"));
  const half = Math.ceil(chargers / 2);
  return MODELS.map((model, index) => ({
    template: { brand_slug: "generic", ...model, identity_prefix: `DEMO-${site}-`, runtime },
    charger_ids: index === 0 ? numbers.slice(0, half) : numbers.slice(half),
  })).filter((group) => group.charger_ids.length > 0);
}
