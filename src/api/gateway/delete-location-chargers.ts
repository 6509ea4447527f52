import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { removeChargers } from "../../fleet/change-chargers.ts";
import type { AppEnv } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { changeOf } from "./change-of.ts";
import { plainFinding } from "./findings.ts";
import { locationOf } from "./lookups.ts";
import { operation } from "./operation.ts";
import { type Examined, examineWith } from "./receive.ts";
import { bodyFailures, notFound } from "./schemas/error.ts";
import {
  DeleteLocationChargersQuery,
  DeleteLocationChargersRequest,
  DeleteLocationChargersResponse,
  notFoundItem,
} from "./schemas/location-chargers-changes.ts";
import { LocationParams } from "./schemas/location.ts";

const route = createRoute({
  operationId: "deleteLocationChargers",
  method: "delete",
  path: "/ocpp/locations/{location_id}/chargers",
  tags: ["location-chargers"],
  summary: "Delete chargers of a location",
  description:
    "Delete multiple charger deployments under the selected location: those of `charger_ids`, in the query or, when the query has none, in the body. There is no way to delete all without naming them.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: {
    params: LocationParams,
    query: DeleteLocationChargersQuery,
    body: { required: false, content: { "application/json": { schema: DeleteLocationChargersRequest } } },
  },
  responses: {
    200: {
      description: "Location chargers deleted",
      content: { "application/json": { schema: DeleteLocationChargersResponse } },
    },
    ...notFound,
    ...bodyFailures,
  },
});

export const deleteLocationChargers = operation(
  route,
  { emptyBody: "object", ignoresBody: hasQueryIds, examine: examineIds },
  async (c, { body }) => {
    const { id: locationId } = await locationOf(c, c.req.valid("param").location_id);
    const wanted = [...new Set(body ?? c.req.valid("query").charger_ids ?? [])];
    const selection = { locationId, chargerIds: wanted.filter(isResourceId) };
    const removed = new Set(await removeChargers(c.get("ports"), changeOf(c), selection));
    const deleted = wanted.filter((id) => removed.has(id));
    const failed = wanted.filter((id) => !removed.has(id)).map(notFoundItem);
    return c.json({ deleted, failed }, 200);
  },
);

function hasQueryIds(c: Context<AppEnv>): boolean {
  return c.req.queries("charger_ids")?.some((id) => id !== "") ?? false;
}

/** The ids of the body; undefined only when the query has them. */
function examineIds(raw: unknown): Examined<string[] | undefined> {
  const isObject = typeof raw === "object" && raw !== null && !Array.isArray(raw);
  if (isObject && !Object.hasOwn(raw, "charger_ids"))
    return { findings: [plainFinding("missing", ["query", "charger_ids"], {})] };
  const examined = examineWith(DeleteLocationChargersRequest, raw, ["body"]);
  return "findings" in examined ? examined : { value: examined.value.charger_ids };
}
