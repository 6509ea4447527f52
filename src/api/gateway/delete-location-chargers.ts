import type { Context } from "hono";
import { removeChargers } from "../../fleet/change/change-chargers.ts";
import { type AppEnv, changeOf } from "../http/context.ts";
import { isResourceId } from "../http/resource-id.ts";
import { examineWith, type Finding, plainFinding } from "./findings.ts";
import { locationOf } from "./lookups.ts";
import { defineOperation } from "./surface.ts";
import type { Examined } from "../operation/operation.ts";
import {
  DeleteLocationChargersQuery,
  DeleteLocationChargersRequest,
  DeleteLocationChargersResponse,
  notFoundItem,
} from "./schemas/location-chargers-changes.ts";
import { LocationParams } from "./schemas/location.ts";

export const deleteLocationChargers = defineOperation({
  operationId: "deleteLocationChargers",
  method: "delete",
  path: "/ocpp/locations/{location_id}/chargers",
  tag: "location-chargers",
  summary: "Delete chargers of a location",
  description:
    "Delete multiple charger deployments under the selected location: those of `charger_ids`, in the query or, when the query has none, in the body. There is no way to delete all without naming them.",
  role: "operator",
  params: LocationParams,
  query: DeleteLocationChargersQuery,
  body: { schema: DeleteLocationChargersRequest, required: false, isIgnored: hasQueryIds },
  success: { status: 200, description: "Location chargers deleted", schema: DeleteLocationChargersResponse },
  refusals: [404],
  examine: examineIds,
  handle: async ({ c, ports, path, query, body }) => {
    const { id: locationId } = await locationOf(c, path.location_id);
    const wanted = [...new Set(body ?? query.charger_ids ?? [])];
    const selection = { locationId, chargerIds: wanted.filter(isResourceId) };
    const removed = new Set(await removeChargers(ports, changeOf(c), selection));
    const deleted = wanted.filter((id) => removed.has(id));
    const failed = wanted.filter((id) => !removed.has(id)).map(notFoundItem);
    return { deleted, failed };
  },
});

function hasQueryIds(c: Context<AppEnv>): boolean {
  return c.req.queries("charger_ids")?.some((id) => id !== "") ?? false;
}

/** The ids of the body. Type `undefined` stands for a body that is ignored because the query has ids. */
function examineIds(raw: unknown): Examined<string[] | undefined, Finding> {
  const isObject = typeof raw === "object" && raw !== null && !Array.isArray(raw);
  if (isObject && !Object.hasOwn(raw, "charger_ids"))
    return { findings: [plainFinding("missing", ["query", "charger_ids"], {})] };
  const examined = examineWith(DeleteLocationChargersRequest, raw, ["body"]);
  return "findings" in examined ? examined : { value: examined.value.charger_ids };
}
