import { z } from "@hono/zod-openapi";
import { Policy } from "../../../errors.ts";
import type { JsonObject, JsonValue } from "../../../ocpp/json.ts";
import { isDeeperThan, isJsonObject, PAYLOAD_DEPTH_MAX } from "../../../ocpp/json.ts";
import { routesV16 } from "../../../ocpp/v16/routing.ts";
import { routesV2x } from "../../../ocpp/v2x/routing.ts";
import { loadValidators } from "../../../ocpp/validators.ts";
import type { OcppVersion } from "../../../ocpp/version.ts";
import { InvalidRequest } from "../../operation/receive.ts";
import { literalError } from "../findings.ts";
import { text } from "../schemas/fields.ts";
import { singleOperation } from "./single-operation.ts";

/** OCPP action by its name in snake_case. */
const ACTIONS: ReadonlyMap<string, string> = new Map(
  [...Object.keys(routesV16), ...Object.keys(routesV2x)]
    .toSorted()
    .map((action) => [snakeCase(action), action]),
);

const ProxiedMessage = z
  .object({
    id: z.string(),
    event_type: z.string(),
    ocpp_version: z.string(),
    payload: z.record(z.string(), z.unknown()),
  })
  .openapi({
    example: {
      id: "a1b2c3d4e5f6",
      event_type: "boot_notification",
      ocpp_version: "ocpp1.6",
      payload: { charge_point_vendor: "OCPPLAB", charge_point_model: "SDK-DC-50" },
    },
  });

export const proxyMessage = singleOperation({
  name: "proxy-message",
  summary: "Proxy message",
  description:
    "Sends one message from a simulated charger to its CSMS: an action that stations of its OCPP version send, in snake_case. The payload is checked against the OCPP schema and sent in camelCase.",
  event: z.object({
    action: z.enum([...ACTIONS.keys()] as [string, ...string[]]),
    ocpp_version: text().nullish(),
    payload: z
      .record(z.string(), z.unknown())
      .nullish()
      .openapi({ description: "Keys in snake_case or camelCase" }),
  }),
  needsEvent: true,
  example: {
    action: "boot_notification",
    payload: { charge_point_vendor: "OCPPLAB", charge_point_model: "SDK-DC-50" },
  },
  reachesExternal: false,
  success: { status: 202, description: "Message accepted for the charger", schema: ProxiedMessage },
  run: async ({ ports, target, event }, { action: name, ocpp_version: named, payload }) => {
    const version = target.version ?? "ocpp1.6";
    const action = ACTIONS.get(name) ?? name;
    const known = await stationActions(version);
    if (!known.includes(name))
      throw new InvalidRequest([literalError(known, ["body", "event", "action"], name)]);
    if (named != null && named.toLowerCase() !== version)
      throw new Policy(`Invalid request data: the charger speaks ${version}`);
    const given = (payload ?? {}) as JsonObject;
    if (isDeeperThan(given, PAYLOAD_DEPTH_MAX))
      throw new Policy(
        `Invalid request data: payload must not be nested deeper than ${PAYLOAD_DEPTH_MAX} levels`,
      );
    const sent = camelKeys(given);
    const finding = (await loadValidators(version)).request(action, sent);
    if (finding)
      throw new Policy(
        `Invalid request data: payload${finding.pointer} violates ${finding.keyword} of ${action}`,
      );
    await event({ kind: "send", action, payload: sent });
    return { id: ports.ids.hex(6), event_type: name, ocpp_version: version, payload: given };
  },
});

/** Names of the actions that stations of a version send. */
async function stationActions(version: OcppVersion): Promise<string[]> {
  const { actions } = await loadValidators(version);
  const routes = version === "ocpp1.6" ? routesV16 : routesV2x;
  return [...ACTIONS]
    .filter(([, action]) => Object.hasOwn(routes, action) && actions.has(action))
    .map(([name]) => name);
}

/** `NotifyEVChargingNeeds` becomes `notify_ev_charging_needs`. */
function snakeCase(action: string): string {
  return action
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

function camelKeys(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [camelCase(key), camelValue(value)]),
  );
}

function camelValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(camelValue);
  return isJsonObject(value) ? camelKeys(value) : value;
}

function camelCase(key: string): string {
  return key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
