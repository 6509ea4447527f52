import type { z } from "@hono/zod-openapi";
import { Conflict, NotFound } from "../../errors.ts";
import { locationSlug } from "../../fleet/slugs.ts";
import type { Ids, Location, NewLocation } from "../../ports.ts";
import { recordJson, sendRecorded } from "../http/accepted.ts";
import { pageWindow } from "../http/paging.ts";
import { isResourceId } from "../http/resource-id.ts";
import { locationOf } from "./lookups.ts";
import { pageEnvelope, PageHeaders, PageQuery } from "./page.ts";
import { CreatedHeaders } from "./schemas/headers.ts";
import {
  CreateLocationRequest,
  DeletedLocationResponse,
  locationChanges,
  LocationListResponse,
  LocationParams,
  LocationResponse,
  locationResponse,
  UpdateLocationRequest,
} from "./schemas/location.ts";
import { defineOperation } from "./surface.ts";

export const listLocations = defineOperation({
  operationId: "listLocations",
  method: "get",
  path: "/ocpp/locations",
  tag: "locations",
  summary: "List locations",
  role: "viewer",
  query: PageQuery,
  success: {
    status: 200,
    description: "Locations retrieved successfully",
    schema: LocationListResponse,
    headers: PageHeaders,
  },
  handle: async ({ c, ports, organization, query }) => {
    const paged = await ports.locations.list(organization.id, pageWindow(query));
    return pageEnvelope(c, query, paged, locationResponse);
  },
});

export const createLocation = defineOperation({
  operationId: "createLocation",
  method: "post",
  path: "/ocpp/locations",
  tag: "locations",
  summary: "Create location",
  role: "operator",
  body: { schema: CreateLocationRequest, required: true },
  isIdempotent: true,
  success: {
    status: 201,
    description: "Location created successfully",
    schema: LocationResponse,
    headers: CreatedHeaders,
  },
  refusals: [400, 409],
  handle: async ({ ports: { locations, ids, clock }, organization, body, claim }) => {
    const location = newLocation(body, ids);
    const result = await locations.create(organization.id, location, clock.now(), claim, recordCreated);
    const isReplay = result.kind === "replayed";
    return sendRecorded(isReplay ? result.response : recordCreated(result.value), isReplay);
  },
});

function recordCreated(location: Location) {
  return recordJson(201, locationResponse(location), { Location: `/ocpp/locations/${location.id}` });
}

function newLocation(body: z.output<typeof CreateLocationRequest>, ids: Ids): NewLocation {
  return {
    id: ids.uuid(),
    slug: body.slug ?? locationSlug(body.name, ids),
    name: body.name,
    address: body.address ?? null,
    city: body.city ?? null,
    country: body.country?.toUpperCase() ?? null,
    coordinates: body.coordinates ?? null,
    timezone: body.timezone ?? null,
    ownerName: body.owner_name ?? null,
    fuseLimitA: body.fuse_limit_a ?? null,
    public: body.public ?? false,
  };
}

export const getLocation = defineOperation({
  operationId: "getLocation",
  method: "get",
  path: "/ocpp/locations/{location_id}",
  tag: "locations",
  summary: "Get location",
  role: "viewer",
  params: LocationParams,
  success: { status: 200, description: "Location retrieved successfully", schema: LocationResponse },
  refusals: [404],
  handle: async ({ c, path }) => locationResponse(await locationOf(c, path.location_id)),
});

export const updateLocation = defineOperation({
  operationId: "updateLocation",
  method: "put",
  path: "/ocpp/locations/{location_id}",
  tag: "locations",
  summary: "Update location",
  description: "Partially update a location. Only supplied fields are modified; null clears a field.",
  role: "operator",
  params: LocationParams,
  body: { schema: UpdateLocationRequest, required: false },
  success: { status: 200, description: "Location updated successfully", schema: LocationResponse },
  refusals: [404, 409],
  handle: async ({ ports: { locations, clock }, organization, path: { location_id: id }, body }) => {
    const location = isResourceId(id)
      ? await locations.update(organization.id, id, locationChanges(body), clock.now())
      : null;
    if (!location) throw new NotFound("Location", id);
    return locationResponse(location);
  },
});

export const deleteLocation = defineOperation({
  operationId: "deleteLocation",
  method: "delete",
  path: "/ocpp/locations/{location_id}",
  tag: "locations",
  summary: "Delete location",
  description: "Refused while any charger of it exists. Its finished jobs stay readable.",
  role: "operator",
  params: LocationParams,
  success: { status: 200, description: "Location deleted", schema: DeletedLocationResponse },
  refusals: [404, 409],
  handle: async ({ ports: { locations }, organization, path: { location_id: id } }) => {
    const outcome = isResourceId(id) ? await locations.remove(organization.id, id) : "unknown";
    if (outcome === "unknown") throw new NotFound("Location", id);
    if (outcome !== "removed") throw new Conflict(`Location still has ${outcome.inUse} chargers`);
    return { msg: "Location deleted", location_id: id };
  },
});
