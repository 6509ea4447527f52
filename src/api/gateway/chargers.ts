import { NotFound } from "../../errors.ts";
import { removeChargers } from "../../fleet/change/change-chargers.ts";
import { pollAgain } from "../http/accepted.ts";
import { changeOf } from "../http/context.ts";
import { entityTag } from "../http/etag.ts";
import { pageWindow } from "../http/paging.ts";
import { isResourceId } from "../http/resource-id.ts";
import { chargerOf } from "./lookups.ts";
import { pageEnvelope, PageHeaders } from "./page.ts";
import {
  ChargerListQuery,
  ChargerListResponse,
  ChargerParams,
  ChargerResponse,
  chargerResponse,
  ChargerStatusResponse,
  chargerStatusResponse,
  DeletedChargerResponse,
} from "./schemas/charger.ts";
import { EntityHeaders, PolledHeaders } from "./schemas/headers.ts";
import { defineOperation } from "./surface.ts";

export const listChargers = defineOperation({
  operationId: "listChargers",
  method: "get",
  path: "/ocpp/chargers",
  tag: "chargers",
  summary: "List chargers",
  description: "Retrieve tenant-scoped charger deployments with pagination, in every provisioning state.",
  role: "viewer",
  query: ChargerListQuery,
  success: {
    status: 200,
    description: "Chargers retrieved successfully",
    schema: ChargerListResponse,
    headers: PageHeaders,
  },
  handle: async ({ c, ports, organization, query: asked }) => {
    const { location_id: locationId, identity_prefix: identityPrefix, status, online, ...query } = asked;
    const isMalformed = locationId !== undefined && !isResourceId(locationId);
    const filter = { locationId, identityPrefix, status, online };
    const paged = isMalformed
      ? { rows: [], total: 0 }
      : await ports.chargers.list(organization.id, filter, pageWindow(query));
    return pageEnvelope(c, query, paged, chargerResponse);
  },
});

export const getCharger = defineOperation({
  operationId: "getCharger",
  method: "get",
  path: "/ocpp/chargers/{charger_id}",
  tag: "chargers",
  summary: "Get charger",
  description:
    "Retrieve one charger deployment by its internal deployment identifier within the current organization.",
  role: "viewer",
  params: ChargerParams,
  isConditional: true,
  success: {
    status: 200,
    description: "Charger retrieved successfully",
    schema: ChargerResponse,
    headers: EntityHeaders,
  },
  refusals: [404],
  handle: async ({ c, path }) => {
    const charger = await chargerOf(c, path.charger_id);
    c.header("ETag", entityTag(charger.revision));
    return chargerResponse(charger);
  },
});

export const getChargerStatus = defineOperation({
  operationId: "getChargerStatus",
  method: "get",
  path: "/ocpp/chargers/{charger_id}/status",
  tag: "chargers",
  summary: "Get provisioning status",
  description: "Lightweight poll endpoint for the async create flow.",
  role: "viewer",
  params: ChargerParams,
  isConditional: true,
  success: {
    status: 200,
    description: "Status retrieved",
    schema: ChargerStatusResponse,
    headers: PolledHeaders,
  },
  refusals: [404],
  handle: async ({ c, ports, organization, path: { charger_id: id } }) => {
    const provisioning = isResourceId(id) ? await ports.chargers.provisioning(organization.id, id) : null;
    if (!provisioning) throw new NotFound("Charger", id);
    const { status, workflowRunId, provisionedAt } = provisioning;
    c.header("ETag", entityTag(status, workflowRunId, provisionedAt?.getTime() ?? null));
    pollAgain(c, status);
    return chargerStatusResponse(provisioning);
  },
});

export const deleteCharger = defineOperation({
  operationId: "deleteCharger",
  method: "delete",
  path: "/ocpp/chargers/{charger_id}",
  tag: "chargers",
  summary: "Delete charger",
  description:
    "Final, in every provisioning state. The identity is free at once; socket, runtime and credentials end with it.",
  role: "operator",
  params: ChargerParams,
  success: { status: 200, description: "Charger deleted", schema: DeletedChargerResponse },
  refusals: [404],
  handle: async ({ c, ports, path: { charger_id: id } }) => {
    if (!isResourceId(id)) throw new NotFound("Charger", id);
    const ids = await removeChargers(ports, changeOf(c), { locationId: null, chargerIds: [id] });
    if (ids.length === 0) throw new NotFound("Charger", id);
    return { msg: "Charger deleted", charger_id: id };
  },
});
