import { createRoute } from "@hono/zod-openapi";
import { conditional, entityTag } from "../http/etag.ts";
import { viewer } from "./access.ts";
import { chargerOf } from "./lookups.ts";
import { operation } from "./operation.ts";
import { ChargerParams, ChargerResponse, chargerResponse } from "./schemas/charger.ts";
import { failures, notFound } from "./schemas/error.ts";
import { EntityHeaders, notModified } from "./schemas/headers.ts";

const route = createRoute({
  operationId: "getCharger",
  method: "get",
  path: "/ocpp/chargers/{charger_id}",
  tags: ["chargers"],
  summary: "Get charger",
  description:
    "Retrieve one charger deployment by its internal deployment identifier within the current organization.",
  security: [{ HTTPBearer: [] }],
  middleware: [...viewer, conditional()],
  request: { params: ChargerParams },
  responses: {
    200: {
      description: "Charger retrieved successfully",
      content: { "application/json": { schema: ChargerResponse } },
      headers: EntityHeaders,
    },
    ...notModified,
    ...notFound,
    ...failures,
  },
});

export const getCharger = operation(route, async (c) => {
  const charger = await chargerOf(c, c.req.valid("param").charger_id);
  c.header("ETag", entityTag(charger.revision));
  return c.json(chargerResponse(charger), 200);
});
