import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { NotFound, Policy } from "../../errors.ts";
import type { Charger, ChargerChanges } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { examineWithTarget, wsUrlRulesOf } from "./examine-target.ts";
import { chargerOf } from "./lookups.ts";
import { operation } from "./operation.ts";
import { refuseNulls } from "./refuse-nulls.ts";
import { ChargerParams, ChargerResponse, chargerResponse } from "./schemas/charger.ts";
import { chargerChanges, UpdateChargerRequest } from "./schemas/charger-changes.ts";
import { bodyFailures, invalid, notFound } from "./schemas/error.ts";
import { writeChanges } from "./write-changes.ts";

const route = createRoute({
  operationId: "updateCharger",
  method: "put",
  path: "/ocpp/chargers/{charger_id}",
  tags: ["chargers"],
  summary: "Update charger",
  description:
    "Update one charger deployment using a partial payload. Only provided fields are modified; null restores the default of create.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: {
    params: ChargerParams,
    body: { required: false, content: { "application/json": { schema: UpdateChargerRequest } } },
  },
  responses: {
    200: {
      description: "Charger updated successfully",
      content: { "application/json": { schema: ChargerResponse } },
    },
    ...invalid,
    ...notFound,
    ...bodyFailures,
  },
});

export const updateCharger = operation(
  route,
  {
    emptyBody: "object",
    examine: (raw, c) => examineWithTarget(UpdateChargerRequest, raw, wsUrlRulesOf(c)),
  },
  async (c, { body }) => {
    const id = c.req.valid("param").charger_id;
    if (body.ocpp_version === null || body.location_id === null) await chargerOf(c, id);
    await refuseNulls(c, body, "Invalid charger data");
    return c.json(chargerResponse(await change(c, id, chargerChanges(body))), 200);
  },
);

async function change(c: Context<AppEnv>, id: string, changes: ChargerChanges): Promise<Charger> {
  if (!isResourceId(id)) throw new NotFound("Charger", id);
  const selection = { locationId: null, chargerIds: [id] };
  const result = await writeChanges(c, selection, changes).catch(async (error: unknown) => {
    // Both may be unknown: the charger is what the path names.
    if (error instanceof NotFound) await chargerOf(c, id);
    throw error;
  });
  if (result.invalid.length > 0)
    throw new Policy("Invalid charger data: ws_url is not allowed for an external charger");
  const [charger] = result.updated;
  if (!charger) throw new NotFound("Charger", id);
  return charger;
}
