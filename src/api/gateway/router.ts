import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import { getModel, listBrands, listModels } from "./catalog.ts";
import { listChargerLogs } from "./charger-logs.ts";
import { restartChargerRuntime, startChargerRuntime, stopChargerRuntime } from "./charger-runtime.ts";
import { deleteCharger, getCharger, getChargerStatus, listChargers } from "./chargers.ts";
import { clearLocalAuthList, localAuthList, resetCache } from "./commands/authorization.ts";
import { configuration } from "./commands/configuration.ts";
import { clearFault, injectFault } from "./commands/faults.ts";
import { proxyMessage } from "./commands/proxy-message.ts";
import {
  authorize,
  evRequestsEnergy,
  evStopsEnergy,
  plug,
  powerUpdate,
  startSession,
  startTransaction,
  stopSession,
  stopTransaction,
  unlockConnector,
  unplug,
} from "./commands/events.ts";
import { createCharger } from "./create-charger.ts";
import { createLocationChargers } from "./create-location-chargers.ts";
import { deleteLocationChargers } from "./delete-location-chargers.ts";
import { cancelLocationChargersJob, getLocationChargersJob, retryLocationChargersJob } from "./jobs.ts";
import { listLocationChargers } from "./list-location-chargers.ts";
import { createLocation, deleteLocation, getLocation, listLocations, updateLocation } from "./locations.ts";
import { updateCharger } from "./update-charger.ts";
import { updateLocationChargers } from "./update-location-chargers.ts";

export const GATEWAY_OPERATIONS: readonly BoundOperation[] = [
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
  plug,
  unplug,
  authorize,
  startTransaction,
  evRequestsEnergy,
  evStopsEnergy,
  powerUpdate,
  unlockConnector,
  stopTransaction,
  startSession,
  stopSession,
  proxyMessage,
  configuration,
  resetCache,
  localAuthList,
  clearLocalAuthList,
  injectFault,
  clearFault,
];

/**
 * The `/ocpp` surface. Paths are complete: mount it at `/`. The application answers unknown paths and methods, with
 * `gatewayNotFound` and `gatewayMethodNotAllowed`.
 */
export function gatewayRouter(): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({ strict: false });
  for (const operation of GATEWAY_OPERATIONS) operation.mount(router);
  return router;
}
