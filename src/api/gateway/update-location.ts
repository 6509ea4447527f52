import { createRoute } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { operation } from "./operation.ts";
import { bodyFailures, conflict, notFound } from "./schemas/error.ts";
import {
  locationChanges,
  LocationParams,
  LocationResponse,
  locationResponse,
  UpdateLocationRequest,
} from "./schemas/location.ts";

const route = createRoute({
  operationId: "updateLocation",
  method: "put",
  path: "/ocpp/locations/{location_id}",
  tags: ["locations"],
  summary: "Update location",
  description: "Partially update a location. Only supplied fields are modified; null clears a field.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: {
    params: LocationParams,
    body: { required: false, content: { "application/json": { schema: UpdateLocationRequest } } },
  },
  responses: {
    200: {
      description: "Location updated successfully",
      content: { "application/json": { schema: LocationResponse } },
    },
    ...notFound,
    ...conflict,
    ...bodyFailures,
  },
});

export const updateLocation = operation(route, { emptyBody: "object" }, async (c, { body }) => {
  const id = c.req.valid("param").location_id;
  const { locations, clock } = c.get("ports");
  const location = isResourceId(id)
    ? await locations.update(c.get("organization").id, id, locationChanges(body), clock.now())
    : null;
  if (!location) throw new NotFound("Location", id);
  return c.json(locationResponse(location), 200);
});
