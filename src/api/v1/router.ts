import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { rateLimit } from "../http/rate-limit.ts";
import { availability, unlock } from "./commands/connectors.ts";
import { changeConfiguration, getConfiguration } from "./commands/configuration.ts";
import { clearCache, reset, trigger } from "./commands/station.ts";
import { dataTransfer, listDataTransfers } from "./commands/data-transfer.ts";
import { diagnostics, updateFirmware } from "./commands/file-transfers.ts";
import { callOcpp } from "./commands/ocpp-call.ts";
import { getOcppReport } from "./commands/ocpp-report.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";
import { deleteCharger, getCharger, listChargers, setRegistration } from "./chargers.ts";
import { listEvents } from "./events.ts";
import { createLiveTicket, openLiveLine } from "./live-events.ts";
import { getIdTagJob, importIdTags } from "./id-tag-jobs.ts";
import { changeIdTag, createIdTag, deleteIdTag, getIdTag, listIdTags, putIdTag } from "./id-tags.ts";
import { getLocalList, setLocalListMode } from "./local-list.ts";
import { listDeadLetters } from "./list-dead-letters.ts";
import type { BoundOperation } from "../operation/operations-of.ts";
import { authenticateV1 } from "./surface.ts";
import { startChargerTransaction, startTransaction, stopTransaction } from "./remote-control.ts";
import { listMeterValues } from "./meter-values.ts";
import { getTransaction, listTransactions } from "./transactions.ts";
import { cancelReservation, createReservation, listReservations } from "./reservations.ts";
import { changeOrganizationSettings, getOrganization } from "./organization.ts";
import { registerCharger } from "./register-charger.ts";
import { rotateAuthorizationKey } from "./rotate-authorization-key.ts";
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  listDeliveries,
  listWebhooks,
  replayWebhook,
  testDelivery,
} from "./webhooks.ts";

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
  callOcpp,
  getOcppReport,
  startTransaction,
  startChargerTransaction,
  stopTransaction,
  createReservation,
  listReservations,
  cancelReservation,
  listTransactions,
  getTransaction,
  listMeterValues,
  listIdTags,
  createIdTag,
  getIdTag,
  changeIdTag,
  putIdTag,
  deleteIdTag,
  importIdTags,
  getIdTagJob,
  getLocalList,
  setLocalListMode,
  listEvents,
  createWebhook,
  listWebhooks,
  changeWebhook,
  deleteWebhook,
  listDeliveries,
  testDelivery,
  replayWebhook,
  createLiveTicket,
  openLiveLine,
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
  router.use("*", authenticateV1(), rateLimit());
  for (const operation of V1_OPERATIONS) operation.mount(router);
  return router;
}
