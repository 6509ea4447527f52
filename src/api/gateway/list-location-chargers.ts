import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Charger, Page, Paged } from "../../ports.ts";
import type { AppEnv } from "../http/context.ts";
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
  const { charger_ids: chargerIds, ...query } = c.req.valid("query");
  const { id: locationId } = await locationOf(c, c.req.valid("param").location_id);
  const paged = chargerIds
    ? await pickChargers(c, locationId, chargerIds, pageWindow(query))
    : await c.get("ports").chargers.list(c.get("organization").id, { locationId }, pageWindow(query));
  return c.json(pageEnvelope(c, query, paged, chargerResponse), 200);
});

async function pickChargers(
  c: Context<AppEnv>,
  locationId: string,
  ids: string[],
  page: Page,
): Promise<Paged<Charger>> {
  const { chargers } = c.get("ports");
  const wanted = [...new Set(ids)].filter(isResourceId);
  const found = await Promise.all(wanted.map((id) => chargers.get(c.get("organization").id, id)));
  const rows = found.filter((charger) => charger !== null && charger.locationId === locationId) as Charger[];
  rows.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
  return { rows: rows.slice(page.offset, page.offset + page.limit), total: rows.length };
}
