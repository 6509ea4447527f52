import { createRoute } from "@hono/zod-openapi";
import { NotFound } from "../../errors.ts";
import { isResourceId } from "../http/resource-id.ts";
import { operator } from "./access.ts";
import { operation } from "./operation.ts";
import { ChargerParams } from "./schemas/charger.ts";
import {
  ChargerLogListResponse,
  chargerLogEntry,
  ChargerLogQuery,
  frameQuery,
} from "./schemas/charger-log.ts";
import { failures, notFound } from "./schemas/error.ts";

const route = createRoute({
  operationId: "listChargerLogs",
  method: "get",
  path: "/ocpp/chargers/{charger_id}/logs",
  tags: ["chargers"],
  summary: "List charger logs",
  description:
    "Retrieve OCPP logs for one charger with optional date range and event filters, newest first. `total` counts what is still kept. Needs the role of an operator: frames hold what stations and vendors say.",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: { params: ChargerParams, query: ChargerLogQuery },
  responses: {
    200: {
      description: "Logs retrieved successfully",
      content: { "application/json": { schema: ChargerLogListResponse } },
    },
    ...notFound,
    ...failures,
  },
});

export const listChargerLogs = operation(route, async (c) => {
  const id = c.req.valid("param").charger_id;
  const query = frameQuery(c.req.valid("query"));
  const { chargers, sessions } = c.get("ports");
  const organization = c.get("organization");
  const ref = isResourceId(id) ? await chargers.sessionRef(organization.id, id) : null;
  if (!ref) throw new NotFound("Charger", id);
  const frames = await sessions.frames({ organizationSlug: organization.slug, ...ref }, query);
  const { rows, total } = frames ?? { rows: [], total: 0 };
  const { limit, offset } = query;
  return c.json({ data: rows.map(chargerLogEntry), total, limit, offset }, 200);
});
