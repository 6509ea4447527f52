import { pageWindow } from "../http/paging.ts";
import { isResourceId } from "../http/resource-id.ts";
import { locationOf } from "./lookups.ts";
import { defineOperation } from "./surface.ts";
import { pageEnvelope, PageHeaders } from "./page.ts";
import { ChargerListResponse, chargerResponse } from "./schemas/charger.ts";
import { LocationChargersQuery } from "./schemas/location-chargers.ts";
import { LocationParams } from "./schemas/location.ts";

export const listLocationChargers = defineOperation({
  operationId: "listLocationChargers",
  method: "get",
  path: "/ocpp/locations/{location_id}/chargers",
  tag: "location-chargers",
  summary: "List chargers of a location",
  description:
    "When `charger_ids` is given, only those chargers are returned; ids that belong elsewhere are absent.",
  role: "viewer",
  params: LocationParams,
  query: LocationChargersQuery,
  success: {
    status: 200,
    description: "Chargers retrieved successfully",
    schema: ChargerListResponse,
    headers: PageHeaders,
  },
  refusals: [404],
  handle: async ({ c, ports, organization, path, query: { charger_ids: chargerIds = [], ...query } }) => {
    const { id: locationId } = await locationOf(c, path.location_id);
    const ids = chargerIds.length > 0 ? chargerIds.filter(isResourceId) : null;
    const paged = await ports.chargers.list(organization.id, { locationId, ids }, pageWindow(query));
    return pageEnvelope(c, query, paged, chargerResponse);
  },
});
