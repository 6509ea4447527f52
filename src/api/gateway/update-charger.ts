import type { Context } from "hono";
import { NotFound, Policy } from "../../errors.ts";
import type { Charger, ChargerChanges } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { examineWithTarget, wsUrlRulesOf } from "./examine-target.ts";
import { chargerOf } from "./lookups.ts";
import { defineOperation } from "./surface.ts";
import { ChargerParams, ChargerResponse, chargerResponse } from "./schemas/charger.ts";
import { chargerChanges, UpdateChargerRequest } from "./schemas/charger-changes.ts";
import { refuseNulls, writeChanges } from "./write-changes.ts";

export const updateCharger = defineOperation({
  operationId: "updateCharger",
  method: "put",
  path: "/ocpp/chargers/{charger_id}",
  tag: "chargers",
  summary: "Update charger",
  description:
    "Update one charger deployment using a partial payload. Only provided fields are modified; null restores the default of create.",
  role: "operator",
  params: ChargerParams,
  body: { schema: UpdateChargerRequest, required: false },
  success: { status: 200, description: "Charger updated successfully", schema: ChargerResponse },
  refusals: [400, 404],
  examine: (raw, c) => examineWithTarget(UpdateChargerRequest, raw, wsUrlRulesOf(c)),
  handle: async ({ c, path: { charger_id: id }, body }) => {
    if (body.ocpp_version === null || body.location_id === null) await chargerOf(c, id);
    await refuseNulls(c, body, "Invalid charger data");
    return chargerResponse(await change(c, id, chargerChanges(body)));
  },
});

async function change(c: Context<AppEnv>, id: string, changes: ChargerChanges): Promise<Charger> {
  if (!isResourceId(id)) throw new NotFound("Charger", id);
  const selection = { locationId: null, chargerIds: [id] };
  const result = await writeChanges(c, selection, changes).catch(async (error: unknown) => {
    // Charger and location may both be unknown. The charger is reported, because the path names it.
    if (error instanceof NotFound) await chargerOf(c, id);
    throw error;
  });
  if (result.invalid.length > 0)
    throw new Policy("Invalid charger data: ws_url is not allowed for an external charger");
  const [charger] = result.updated;
  if (!charger) throw new NotFound("Charger", id);
  return charger;
}
