import { createRoute } from "@hono/zod-openapi";
import type { z } from "zod";
import { locationSlug } from "../../fleet/location-slug.ts";
import type { Ids, Location, NewLocation } from "../../ports.ts";
import { recordJson, sendRecorded } from "../http/accepted.ts";
import { operator } from "./access.ts";
import { claimOf } from "./claim.ts";
import { operation } from "./operation.ts";
import { bodyFailures, conflict, invalid } from "./schemas/error.ts";
import { IdempotencyHeader } from "./schemas/fields.ts";
import { CreatedHeaders } from "./schemas/headers.ts";
import { CreateLocationRequest, LocationResponse, locationResponse } from "./schemas/location.ts";

const route = createRoute({
  operationId: "createLocation",
  method: "post",
  path: "/ocpp/locations",
  tags: ["locations"],
  summary: "Create location",
  security: [{ HTTPBearer: [] }],
  middleware: operator,
  request: {
    headers: IdempotencyHeader,
    body: { required: true, content: { "application/json": { schema: CreateLocationRequest } } },
  },
  responses: {
    201: {
      description: "Location created successfully",
      content: { "application/json": { schema: LocationResponse } },
      headers: CreatedHeaders,
    },
    ...invalid,
    ...conflict,
    ...bodyFailures,
  },
});

export const createLocation = operation(route, async (c, { body, raw }) => {
  const { locations, ids, clock } = c.get("ports");
  const claim = await claimOf(c, raw);
  const result = await locations.create(
    c.get("organization").id,
    newLocation(body, ids),
    clock.now(),
    claim,
    recordCreated,
  );
  const isReplay = result.kind === "replayed";
  return sendRecorded(isReplay ? result.response : recordCreated(result.value), isReplay);
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
