import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { cancelLocationChargersJob } from "./cancel-location-chargers-job.ts";
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
import { deleteCharger } from "./delete-charger.ts";
import { deleteLocation } from "./delete-location.ts";
import { deleteLocationChargers } from "./delete-location-chargers.ts";
import { listChargerLogs } from "./list-charger-logs.ts";
import { retryLocationChargersJob } from "./retry-location-chargers-job.ts";
import { restartChargerRuntime } from "./restart-charger-runtime.ts";
import { startChargerRuntime } from "./start-charger-runtime.ts";
import { stopChargerRuntime } from "./stop-charger-runtime.ts";
import { updateCharger } from "./update-charger.ts";
import { updateLocation } from "./update-location.ts";
import { updateLocationChargers } from "./update-location-chargers.ts";
import { mountOperations, type Operation } from "./operation.ts";

const OPERATIONS: readonly Operation[] = [
  listBrands,
  listModels,
  getModel,
  listLocations,
  createLocation,
  getLocation,
  updateLocation,
  deleteLocation,
  createCharger,
  getChargerStatus,
  listChargers,
  getCharger,
  updateCharger,
  deleteCharger,
  startChargerRuntime,
  stopChargerRuntime,
  restartChargerRuntime,
  listChargerLogs,
  listLocationChargers,
  createLocationChargers,
  updateLocationChargers,
  deleteLocationChargers,
  getLocationChargersJob,
  cancelLocationChargersJob,
  retryLocationChargersJob,
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
