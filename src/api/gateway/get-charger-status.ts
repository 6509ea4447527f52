import { createRoute } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { conditional, entityTag } from "../http/etag.ts";
import { isResourceId } from "../http/resource-id.ts";
import { viewer } from "./access.ts";
import { operation } from "./operation.ts";
import { pollAgain } from "./poll-again.ts";
import { ChargerParams, ChargerStatusResponse, chargerStatusResponse } from "./schemas/charger.ts";
import { failures, notFound } from "./schemas/error.ts";
import { notModified, PolledHeaders } from "./schemas/headers.ts";

const route = createRoute({
  operationId: "getChargerStatus",
  method: "get",
  path: "/ocpp/chargers/{charger_id}/status",
  tags: ["chargers"],
  summary: "Get provisioning status",
  description: "Lightweight poll endpoint for the async create flow.",
  security: [{ HTTPBearer: [] }],
  middleware: [...viewer, conditional()],
  request: { params: ChargerParams },
  responses: {
    200: {
      description: "Status retrieved",
      content: { "application/json": { schema: ChargerStatusResponse } },
      headers: PolledHeaders,
    },
    ...notModified,
    ...notFound,
    ...failures,
  },
});

export const getChargerStatus = operation(route, async (c) => {
  const id = c.req.valid("param").charger_id;
  const { chargers } = c.get("ports");
  const provisioning = isResourceId(id) ? await chargers.provisioning(c.get("organization").id, id) : null;
  if (!provisioning) throw new NotFound("Charger", id);
  const { status, workflowRunId, provisionedAt } = provisioning;
  c.header("ETag", entityTag(status, workflowRunId, provisionedAt?.getTime() ?? null));
  pollAgain(c, status);
  return c.json(chargerStatusResponse(provisioning), 200);
});
