import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { createCharger } from "./create-charger.ts";
import { createLocation } from "./create-location.ts";
import { createLocationChargers } from "./create-location-chargers.ts";
import { gatewayError } from "./errors.ts";
import { getCharger } from "./get-charger.ts";
import { getChargerStatus } from "./get-charger-status.ts";
import { getLocation } from "./get-location.ts";
import { getLocationChargersJob } from "./get-location-chargers-job.ts";
import { getModel } from "./get-model.ts";
import { listBrands } from "./list-brands.ts";
import { listChargers } from "./list-chargers.ts";
import { listLocationChargers } from "./list-location-chargers.ts";
import { listLocations } from "./list-locations.ts";
import { listModels } from "./list-models.ts";
import { mountOperations, type Operation } from "./operation.ts";

const OPERATIONS: readonly Operation[] = [
  listBrands,
  listModels,
  getModel,
  listLocations,
  createLocation,
  getLocation,
  createCharger,
  getChargerStatus,
  listChargers,
  getCharger,
  listLocationChargers,
  createLocationChargers,
  getLocationChargersJob,
];

/**
 * The `/ocpp` surface. Paths are complete: mount it at `/`. Unknown paths and verbs are the application's business,
 * in the words of `gatewayNotFound` and `gatewayMethodNotAllowed`.
 */
export function gatewayRouter(): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({ strict: false });
  router.onError(gatewayError);
  mountOperations(router, OPERATIONS);
  return router;
}
