import { createRoute } from "@hono/zod-openapi";
import { isResourceId } from "../http/resource-id.ts";
import { pageWindow } from "../http/paging.ts";
import { viewer } from "./access.ts";
import { operation } from "./operation.ts";
import { pageEnvelope } from "./page.ts";
import { ChargerListQuery, ChargerListResponse, chargerResponse } from "./schemas/charger.ts";
import { failures } from "./schemas/error.ts";
import { PageHeaders } from "./schemas/paging.ts";

const route = createRoute({
  operationId: "listChargers",
  method: "get",
  path: "/ocpp/chargers",
  tags: ["chargers"],
  summary: "List chargers",
  description: "Retrieve tenant-scoped charger deployments with pagination, in every provisioning state.",
  security: [{ HTTPBearer: [] }],
  middleware: viewer,
  request: { query: ChargerListQuery },
  responses: {
    200: {
      description: "Chargers retrieved successfully",
      content: { "application/json": { schema: ChargerListResponse } },
      headers: PageHeaders,
    },
    ...failures,
  },
});

export const listChargers = operation(route, async (c) => {
  const { location_id: locationId, identity_prefix, status, online, ...query } = c.req.valid("query");
  const isMalformed = locationId !== undefined && !isResourceId(locationId);
  const filter = { locationId, identityPrefix: identity_prefix, status, online };
  const paged = isMalformed
    ? { rows: [], total: 0 }
    : await c.get("ports").chargers.list(c.get("organization").id, filter, pageWindow(query));
  return c.json(pageEnvelope(c, query, paged, chargerResponse), 200);
});
