import { z } from "@hono/zod-openapi";
import { Policy } from "../../../errors.ts";
import type { JsonObject } from "../../../ocpp/json.ts";
import { text } from "../schemas/fields.ts";
import { singleOperation, type Reached } from "./single-operation.ts";
import { placeOf } from "./target.ts";

/** Error codes of OCPP 1.6, except NoError. */
const FAULT_TYPES = [
  "ConnectorLockFailure",
  "EVCommunicationError",
  "GroundFailure",
  "HighTemperature",
  "InternalError",
  "LocalListConflict",
  "OtherError",
  "OverCurrentFailure",
  "OverVoltage",
  "PowerMeterFailure",
  "PowerSwitchFailure",
  "ReaderFailure",
  "ResetFailure",
  "UnderVoltage",
  "WeakSignal",
] as const;

const where = {
  connector_id: z
    .number()
    .int()
    .min(0)
    .nullish()
    .openapi({ description: "0: the whole station. Default 1", example: 1 }),
  evse_id: z.number().int().min(1).nullish(),
};

const FaultResponse = z.object({
  msg: z.string(),
  fault_type: z.string().nullable(),
  evse_id: z.number().int().nullable(),
  connector_id: z.number().int().nullable(),
  status: z.string().nullable(),
});

type Where = { connector_id?: number | null | undefined; evse_id?: number | null | undefined };

/** The connector that the fields name; 0: the station. @throws Policy: the charger has no such connector */
function connectorOf({ target }: Reached, fields: Where): number {
  if (fields.connector_id === 0) return 0;
  const place = placeOf(target, fields);
  if (!place) throw new Policy("Invalid request data: charger has no such connector");
  return place.connectorId;
}

function shown({ target }: Reached, connectorId: number, msg: string, { faultType, status }: JsonObject) {
  const is16 = target.version === "ocpp1.6";
  return {
    msg,
    fault_type: typeof faultType === "string" ? faultType : null,
    evse_id: connectorId === 0 ? null : connectorId,
    // Each EVSE has one connector.
    connector_id: connectorId === 0 || is16 ? connectorId : 1,
    status: typeof status === "string" ? status : null,
  };
}

export const injectFault = singleOperation({
  name: "inject-fault",
  summary: "Inject fault",
  description: "A connector of a simulated charger becomes Faulted and reports it; its transaction ends.",
  event: z.object({
    fault_type: z.enum(FAULT_TYPES).nullish().openapi({ description: "Default: InternalError" }),
    ...where,
    info: text({ max: 50 }).nullish(),
  }),
  example: { fault_type: "GroundFailure", connector_id: 1 },
  reachesExternal: false,
  success: { status: 200, description: "Fault injected", schema: FaultResponse },
  run: async (reached, fields) => {
    const connectorId = connectorOf(reached, fields);
    const result = await reached.event({
      kind: "inject_fault",
      connectorId,
      faultType: fields.fault_type ?? "InternalError",
      info: fields.info ?? null,
    });
    return shown(reached, connectorId, "Fault injected", result);
  },
});

export const clearFault = singleOperation({
  name: "clear-fault",
  summary: "Clear fault",
  description:
    "A connector of a simulated charger goes from Faulted back to what it would be without the fault.",
  event: z.object(where),
  example: { evse_id: 1, connector_id: 1 },
  reachesExternal: false,
  success: { status: 200, description: "Fault cleared", schema: FaultResponse },
  run: async (reached, fields) => {
    const connectorId = connectorOf(reached, fields);
    const result = await reached.event({ kind: "clear_fault", connectorId });
    const msg = result["faultType"] === null ? "No active fault" : "Fault cleared";
    return shown(reached, connectorId, msg, result);
  },
});
