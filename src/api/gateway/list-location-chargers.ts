import { createRoute } from "@hono/zod-openapi";
import { pageWindow } from "../http/paging.ts";
import { isResourceId } from "../http/resource-id.ts";
import { viewer } from "./access.ts";
import { locationOf } from "./lookups.ts";
import { operation } from "./operation.ts";
import { pageEnvelope } from "./page.ts";
import { ChargerListResponse, chargerResponse } from "./schemas/charger.ts";
import { failures, notFound } from "./schemas/error.ts";
import { LocationChargersQuery } from "./schemas/location-chargers.ts";
import { LocationParams } from "./schemas/location.ts";
import { PageHeaders } from "./schemas/paging.ts";

const route = createRoute({
  operationId: "listLocationChargers",
  method: "get",
  path: "/ocpp/locations/{location_id}/chargers",
  tags: ["location-chargers"],
  summary: "List chargers of a location",
  description:
    "When `charger_ids` is given, only those chargers are returned; ids that belong elsewhere are absent.",
  security: [{ HTTPBearer: [] }],
  middleware: viewer,
  request: { params: LocationParams, query: LocationChargersQuery },
  responses: {
    200: {
      description: "Chargers retrieved successfully",
      content: { "application/json": { schema: ChargerListResponse } },
      headers: PageHeaders,
    },
    ...notFound,
    ...failures,
  },
});

export const listLocationChargers = operation(route, async (c) => {
  const { charger_ids: chargerIds = [], ...query } = c.req.valid("query");
  const { id: locationId } = await locationOf(c, c.req.valid("param").location_id);
  const ids = chargerIds.length > 0 ? chargerIds.filter(isResourceId) : null;
  const filter = { locationId, ids };
  const paged = await c.get("ports").chargers.list(c.get("organization").id, filter, pageWindow(query));
  return c.json(pageEnvelope(c, query, paged, chargerResponse), 200);
});
