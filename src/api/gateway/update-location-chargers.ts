import type { Context } from "hono";
import type { z } from "zod";
import { Policy } from "../../errors.ts";
import type { ChargersUpdated } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import type { WsUrlRules } from "../../fleet/address/ws-url.ts";
import { examineWithTarget, wsUrlRulesOf } from "./examine-target.ts";
import { type Finding, valueError } from "./findings.ts";
import { locationOf } from "./lookups.ts";
import { defineOperation } from "./surface.ts";
import type { Examined } from "../operation/operation.ts";
import { chargerResponse } from "./schemas/charger.ts";
import { chargerChangeFields, chargerChanges } from "./schemas/charger-changes.ts";
import {
  CHARGER_IDS_MAX,
  invalidItem,
  notFoundItem,
  UpdateLocationChargersRequest,
  UpdateLocationChargersResponse,
} from "./schemas/location-chargers-changes.ts";
import { LocationParams } from "./schemas/location.ts";
import { refuseNulls, writeChanges } from "./write-changes.ts";

type Body = z.output<typeof UpdateLocationChargersRequest>;

export const updateLocationChargers = defineOperation({
  operationId: "updateLocationChargers",
  method: "put",
  path: "/ocpp/locations/{location_id}/chargers",
  tag: "location-chargers",
  summary: "Update chargers of a location",
  description:
    "One change for every charger of the location, or for those of `charger_ids` (at most 1,000). A bad value refuses the whole request; otherwise each charger succeeds or fails alone.",
  role: "operator",
  params: LocationParams,
  body: { schema: UpdateLocationChargersRequest, required: true },
  success: { status: 200, description: "Location chargers updated", schema: UpdateLocationChargersResponse },
  refusals: [400, 404],
  examine: (raw, c) => examineChange(raw, wsUrlRulesOf(c)),
  handle: async ({ c, path, body }) => {
    const { id: locationId } = await locationOf(c, path.location_id);
    await refuseNulls(c, body, "Invalid request data");
    const wanted = body.charger_ids ? [...new Set(body.charger_ids)] : null;
    const selection = { locationId, chargerIds: wanted && wanted.filter(isResourceId) };
    const result = await writeChanges(c, selection, chargerChanges(body));
    if (result.selected > CHARGER_IDS_MAX) await refuseSize(c, locationId);
    const failed = wanted ? failedOf(wanted, result) : result.invalid.map(invalidItem);
    return { updated: result.updated.map(chargerResponse), failed };
  },
});

/** Validates by schema and by the rules of allowed targets, and requires at least one field to change. */
function examineChange(raw: unknown, rules: WsUrlRules): Examined<Body, Finding> {
  const examined = examineWithTarget(UpdateLocationChargersRequest, raw, rules);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return examined;
  if (Object.keys(chargerChangeFields).some((field) => Object.hasOwn(raw, field))) return examined;
  const findings = "findings" in examined ? examined.findings : [];
  return { findings: [...findings, valueError("at least one field to change is required", ["body"], raw)] };
}

/** Nothing was written because too many chargers were selected. @throws Policy with their number */
async function refuseSize(c: Context<AppEnv>, locationId: string): Promise<never> {
  const filter = { locationId, ids: null };
  const { total } = await c
    .get("ports")
    .chargers.list(c.get("organization").id, filter, { limit: 1, offset: 0 });
  const advice = `pass charger_ids (at most ${CHARGER_IDS_MAX})`;
  throw new Policy(`Invalid request data: location has ${total} chargers, ${advice}`);
}

function failedOf(wanted: string[], { updated, invalid: refused }: ChargersUpdated) {
  const done = new Set(updated.map(({ id }) => id));
  const unfit = new Set(refused);
  return wanted
    .filter((id) => !done.has(id))
    .map((id) => (unfit.has(id) ? invalidItem(id) : notFoundItem(id)));
}
