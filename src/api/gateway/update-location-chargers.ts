import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { z } from "zod";
import { Policy } from "../../errors.ts";
import type { ChargersUpdated } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import type { WsUrlRules } from "../../fleet/ws-url.ts";
import { examineWithTarget, wsUrlRulesOf } from "./examine-target.ts";
import { valueError } from "./findings.ts";
import { locationOf } from "./lookups.ts";
import { operation } from "./operation.ts";
import type { Examined } from "./receive.ts";
import { refuseNulls } from "./refuse-nulls.ts";
import { chargerResponse } from "./schemas/charger.ts";
import { chargerChangeFields, chargerChanges } from "./schemas/charger-changes.ts";
import { bodyFailures, invalid, notFound } from "./schemas/error.ts";
import {
  CHARGER_IDS_MAX,
  invalidItem,
  notFoundItem,
  UpdateLocationChargersRequest,
  UpdateLocationChargersResponse,
} from "./schemas/location-chargers-changes.ts";
import { LocationParams } from "./schemas/location.ts";
import { writeChanges } from "./write-changes.ts";

type Body = z.output<typeof UpdateLocationChargersRequest>;

const route = createRoute({
  operationId: "updateLocationChargers",
  method: "put",
  path: "/ocpp/locations/{location_id}/chargers",
  tags: ["location-chargers"],
  summary: "Update chargers of a location",
  description:
    "One change for every charger of the location, or for those of `charger_ids` (at most 1,000). A bad value refuses the whole request; otherwise each charger succeeds or fails alone.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: {
    params: LocationParams,
    body: { required: true, content: { "application/json": { schema: UpdateLocationChargersRequest } } },
  },
  responses: {
    200: {
      description: "Location chargers updated",
      content: { "application/json": { schema: UpdateLocationChargersResponse } },
    },
    ...invalid,
    ...notFound,
    ...bodyFailures,
  },
});

export const updateLocationChargers = operation(
  route,
  { examine: (raw, c) => examineChange(raw, wsUrlRulesOf(c)) },
  async (c, { body }) => {
    const { id: locationId } = await locationOf(c, c.req.valid("param").location_id);
    await refuseNulls(c, body, "Invalid request data");
    const wanted = body.charger_ids ? [...new Set(body.charger_ids)] : null;
    const selection = { locationId, chargerIds: wanted && wanted.filter(isResourceId) };
    const result = await writeChanges(c, selection, chargerChanges(body));
    if (result.selected > CHARGER_IDS_MAX) await refuseSize(c, locationId);
    const failed = wanted ? failedOf(wanted, result) : result.invalid.map(invalidItem);
    return c.json({ updated: result.updated.map(chargerResponse), failed }, 200);
  },
);

/** The schema, the target's rules, and that there is anything to change at all. */
function examineChange(raw: unknown, rules: WsUrlRules): Examined<Body> {
  const examined = examineWithTarget(UpdateLocationChargersRequest, raw, rules);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return examined;
  if (Object.keys(chargerChangeFields).some((field) => Object.hasOwn(raw, field))) return examined;
  const findings = "findings" in examined ? examined.findings : [];
  return { findings: [...findings, valueError("at least one field to change is required", ["body"], raw)] };
}

/** @throws Policy: nothing was written */
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
