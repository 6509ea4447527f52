import { createRoute } from "@hono/zod-openapi";
import { viewer } from "./access.ts";
import { locationOf } from "./lookups.ts";
import { operation } from "./operation.ts";
import { failures, notFound } from "./schemas/error.ts";
import { LocationParams, LocationResponse, locationResponse } from "./schemas/location.ts";

const route = createRoute({
  operationId: "getLocation",
  method: "get",
  path: "/ocpp/locations/{location_id}",
  tags: ["locations"],
  summary: "Get location",
  security: [{ HTTPBearer: [] }],
  middleware: viewer,
  request: { params: LocationParams },
  responses: {
    200: {
      description: "Location retrieved successfully",
      content: { "application/json": { schema: LocationResponse } },
    },
    ...notFound,
    ...failures,
  },
});

export const getLocation = operation(route, async (c) => {
  return c.json(locationResponse(await locationOf(c, c.req.valid("param").location_id)), 200);
});
