import { createRoute } from "@hono/zod-openapi";
import { pageWindow } from "../http/paging.ts";
import { viewer } from "./access.ts";
import { operation } from "./operation.ts";
import { pageEnvelope } from "./page.ts";
import { failures } from "./schemas/error.ts";
import { LocationListResponse, locationResponse } from "./schemas/location.ts";
import { PageHeaders, PageQuery } from "./schemas/paging.ts";

const route = createRoute({
  operationId: "listLocations",
  method: "get",
  path: "/ocpp/locations",
  tags: ["locations"],
  summary: "List locations",
  security: [{ HTTPBearer: [] }],
  middleware: viewer,
  request: { query: PageQuery },
  responses: {
    200: {
      description: "Locations retrieved successfully",
      content: { "application/json": { schema: LocationListResponse } },
      headers: PageHeaders,
    },
    ...failures,
  },
});

export const listLocations = operation(route, async (c) => {
  const query = c.req.valid("query");
  const paged = await c.get("ports").locations.list(c.get("organization").id, pageWindow(query));
  return c.json(pageEnvelope(c, query, paged, locationResponse), 200);
});
