import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { rateLimit } from "../http/rate-limit.ts";
import { availability } from "./commands/availability.ts";
import { changeConfiguration } from "./commands/change-configuration.ts";
import { clearCache } from "./commands/clear-cache.ts";
import { dataTransfer } from "./commands/data-transfer.ts";
import { diagnostics } from "./commands/diagnostics.ts";
import { getConfiguration } from "./commands/get-configuration.ts";
import { reset } from "./commands/reset.ts";
import { trigger } from "./commands/trigger.ts";
import { unlock } from "./commands/unlock.ts";
import { updateFirmware } from "./commands/update-firmware.ts";
import { createApiKey } from "./create-api-key.ts";
import { v1Error } from "./errors.ts";
import { deleteCharger } from "./delete-charger.ts";
import { getCharger } from "./get-charger.ts";
import { listApiKeys } from "./list-api-keys.ts";
import { listChargers } from "./list-chargers.ts";
import { listDataTransfers } from "./list-data-transfers.ts";
import { listDeadLetters } from "./list-dead-letters.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import { authenticateV1 } from "./surface.ts";
import { changeOrganizationSettings, getOrganization } from "./organization.ts";
import { registerCharger } from "./register-charger.ts";
import { revokeApiKey } from "./revoke-api-key.ts";
import { rotateAuthorizationKey } from "./rotate-authorization-key.ts";
import { setRegistration } from "./set-registration.ts";

export const V1_OPERATIONS: readonly BoundOperation[] = [
  registerCharger,
  listChargers,
  getCharger,
  deleteCharger,
  setRegistration,
  rotateAuthorizationKey,
  reset,
  unlock,
  clearCache,
  trigger,
  availability,
  getConfiguration,
  changeConfiguration,
  updateFirmware,
  diagnostics,
  dataTransfer,
  listDataTransfers,
  listDeadLetters,
  createApiKey,
  listApiKeys,
  revokeApiKey,
  getOrganization,
  changeOrganizationSettings,
];

/** The command surface, to be mounted at `/api/v1`. Order of checks: 401, 429, 403, 413/415, 400, 404, 409, the work. */
export function v1Router(): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({ strict: false });
  router.onError(v1Error);
  router.use("*", authenticateV1(), rateLimit());
  for (const operation of V1_OPERATIONS) operation.mount(router);
  return router;
}
