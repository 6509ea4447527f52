import { z } from "@hono/zod-openapi";
import { STOP_REASONS } from "../../../ocpp/station-event.ts";
import type { CommandTarget, ItemError } from "../../../ports.ts";
import { text } from "../schemas/fields.ts";
import { eventOperation } from "./event-operation.ts";
import { connectorFields } from "./target.ts";

/** OCPP 1.6 CiString20Type. */
const ID_TAG_MAX_16 = 20;

const idTag = text({ min: 1, max: 36 }).openapi({
  description: "1 to 20 characters in OCPP 1.6, 1 to 36 in 2.x (token type Central)",
  example: "EV-USER-1234",
});

const NO_LIMIT: ItemError = {
  code: "NOT_SUPPORTED",
  message: "An external charger takes neither duration_seconds nor target_energy_kwh",
  retryable: false,
};

/** A tag that is too long for the version of this charger; null: it fits. */
function tagRefusal({ version }: CommandTarget, tag: string): ItemError | null {
  if (version !== "ocpp1.6" || tag.length <= ID_TAG_MAX_16) return null;
  const message = `id_tag: OCPP 1.6 allows at most ${ID_TAG_MAX_16} characters`;
  return { code: "NOT_SUPPORTED", message, retryable: false };
}

export const plug = eventOperation({
  name: "plug",
  summary: "Plug",
  description: "Plugs a car into a connector of a simulated charger. It stays until it is unplugged.",
  fields: connectorFields,
  example: { connector_id: 1 },
  event: (_fields, connectorId) => ({ kind: "plug", connectorId }),
});

export const unplug = eventOperation({
  name: "unplug",
  summary: "Unplug",
  description: "Unplugs the car of a connector; a running transaction ends with EVDisconnected.",
  fields: connectorFields,
  example: { connector_id: 1 },
  event: (_fields, connectorId) => ({ kind: "unplug", connectorId }),
});

export const authorize = eventOperation({
  name: "authorize",
  summary: "Authorize ID tag",
  description: "Has a simulated charger send Authorize for the tag.",
  fields: { id_tag: idTag },
  needsEvent: true,
  example: { id_tag: "EV-USER-1234" },
  event: ({ id_tag }, _connectorId, target) =>
    tagRefusal(target, id_tag) ?? { kind: "authorize", idToken: id_tag },
});

export const startTransaction = eventOperation({
  name: "start-transaction",
  summary: "Start transaction",
  description:
    "Sends StartTransaction, or TransactionEvent Started in 2.x, without an authorization. Lower-level than start-session: the caller drives plug and authorize.",
  fields: {
    id_tag: idTag,
    ...connectorFields,
    meter_start: z
      .number()
      .int()
      .min(0)
      .nullish()
      .openapi({ description: "Wh; default: the meter's reading" }),
  },
  needsEvent: true,
  example: { id_tag: "EV-USER-1234", connector_id: 1 },
  event: ({ id_tag, meter_start }, connectorId, target) =>
    tagRefusal(target, id_tag) ?? {
      kind: "start_transaction",
      connectorId,
      idToken: id_tag,
      meterStartWh: meter_start ?? null,
    },
});

export const evRequestsEnergy = eventOperation({
  name: "ev-requests-energy",
  summary: "EV requests energy",
  description: "The car of a connector draws energy again.",
  fields: connectorFields,
  example: { connector_id: 1 },
  event: (_fields, connectorId) => ({ kind: "ev_requests_energy", connectorId }),
});

export const evStopsEnergy = eventOperation({
  name: "ev-stops-energy",
  summary: "EV stops energy",
  description: "The car of a connector draws no energy: its transaction is SuspendedEV.",
  fields: connectorFields,
  example: { connector_id: 1 },
  event: (_fields, connectorId) => ({ kind: "ev_stops_energy", connectorId }),
});

export const powerUpdate = eventOperation({
  name: "power-update",
  summary: "Power update",
  description:
    "Sets the power that the car of a connector draws, at most what the model and its charging profiles allow. Later MeterValues show it.",
  fields: {
    power_w: z.number().min(0).max(1_000_000).openapi({ example: 11_000 }),
    ...connectorFields,
  },
  needsEvent: true,
  example: { power_w: 11_000, evse_id: 1, connector_id: 1 },
  event: ({ power_w }, connectorId) => ({ kind: "power_update", connectorId, powerW: power_w }),
});

export const unlockConnector = eventOperation({
  name: "unlock-connector",
  summary: "Unlock connector",
  description: "Releases the lock of a connector. An external charger gets UnlockConnector.",
  fields: connectorFields,
  example: { connector_id: 1 },
  event: (_fields, connectorId) => ({ kind: "unlock_connector", connectorId }),
  command: (_fields, place) => ({ kind: "unlock", ...place }),
});

export const stopTransaction = eventOperation({
  name: "stop-transaction",
  summary: "Stop transaction",
  description:
    "Ends the transaction of a connector; the car stays plugged in. An external charger gets RemoteStopTransaction or RequestStopTransaction.",
  fields: {
    ...connectorFields,
    transaction_id: z
      .union([z.number().int(), text({ min: 1, max: 36 })])
      .nullish()
      .openapi({ description: "Integer in OCPP 1.6, text in 2.x; default: the active one of the connector" }),
    reason: z.enum(STOP_REASONS).nullish().openapi({
      description:
        "Default: Local. A charger whose OCPP version lacks the reason reports the nearest that it has",
    }),
  },
  example: { connector_id: 1, reason: "Local" },
  event: ({ transaction_id, reason }, connectorId) => ({
    kind: "stop_transaction",
    connectorId,
    transactionId: transaction_id ?? null,
    reason: reason ?? "Local",
  }),
  command: ({ transaction_id }, { connectorId }) => ({
    kind: "stopRunning",
    evseId: connectorId,
    transactionId: transaction_id ?? null,
  }),
});

export const startSession = eventOperation({
  name: "start-session",
  summary: "Start session",
  description:
    "Plugs a car in, authorizes id_tag and begins a transaction, which ends by itself after `duration_seconds` or at `target_energy_kwh`. An external charger gets RemoteStartTransaction or RequestStartTransaction, and no limit.",
  fields: {
    id_tag: idTag,
    ...connectorFields,
    duration_seconds: z.number().int().min(1).max(604_800).nullish(),
    target_energy_kwh: z.number().gt(0).max(1_000).nullish(),
  },
  needsEvent: true,
  example: { id_tag: "EV-USER-1234", connector_id: 1, duration_seconds: 900, target_energy_kwh: 15.5 },
  event: ({ id_tag, duration_seconds, target_energy_kwh }, connectorId, target) =>
    tagRefusal(target, id_tag) ?? {
      kind: "start_session",
      connectorId,
      idToken: id_tag,
      durationSeconds: duration_seconds ?? null,
      targetEnergyWh: target_energy_kwh == null ? null : target_energy_kwh * 1_000,
    },
  command: ({ id_tag, duration_seconds, target_energy_kwh }, place, target) => {
    if (duration_seconds != null || target_energy_kwh != null) return NO_LIMIT;
    return tagRefusal(target, id_tag) ?? { kind: "remoteStart", idTag: id_tag, ...place };
  },
});

export const stopSession = eventOperation({
  name: "stop-session",
  summary: "Stop session",
  description:
    "Ends the transaction of a connector and unplugs the car. An external charger gets RemoteStopTransaction or RequestStopTransaction.",
  fields: connectorFields,
  example: { connector_id: 1 },
  event: (_fields, connectorId) => ({ kind: "stop_session", connectorId }),
  command: (_fields, { connectorId }) => ({
    kind: "stopRunning",
    evseId: connectorId,
    transactionId: null,
  }),
});
