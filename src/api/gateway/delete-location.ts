import { createRoute } from "@hono/zod-openapi";
import { Conflict, NotFound } from "../../errors.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { operation } from "./operation.ts";
import { conflict, failures, notFound } from "./schemas/error.ts";
import { DeletedLocationResponse, LocationParams } from "./schemas/location.ts";

const route = createRoute({
  operationId: "deleteLocation",
  method: "delete",
  path: "/ocpp/locations/{location_id}",
  tags: ["locations"],
  summary: "Delete location",
  description: "Refused while any charger of it exists. Its finished jobs stay readable.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: { params: LocationParams },
  responses: {
    200: {
      description: "Location deleted",
      content: { "application/json": { schema: DeletedLocationResponse } },
    },
    ...notFound,
    ...conflict,
    ...failures,
  },
});

export const deleteLocation = operation(route, async (c) => {
  const id = c.req.valid("param").location_id;
  const { locations } = c.get("ports");
  const outcome = isResourceId(id) ? await locations.remove(c.get("organization").id, id) : "unknown";
  if (outcome === "unknown") throw new NotFound("Location", id);
  if (outcome !== "removed") throw new Conflict(`Location still has ${outcome.inUse} chargers`);
  return c.json({ msg: "Location deleted", location_id: id }, 200);
});
