import type { Handler } from "../../handler.ts";
import { notice } from "../../inbound/simple-handlers.ts";
import { needObject, needText, optionalInteger, optionalObjects } from "../../payload.ts";

/** NotifyChargingLimit (OCPP 2.x K12): a limit set by another system. It is shown beside ours and not overwritten. */
export const notifyChargingLimit: Handler = (ctx, payload) => {
  const limit = needObject(payload, "chargingLimit");
  const source = needText(limit, "chargingLimitSource", 20);
  const evseId = optionalInteger(payload, "evseId") ?? 0;
  const schedules = optionalObjects(payload, "chargingSchedule");
  const at = ctx.now.toISOString();
  return {
    answer: {},
    changes: [{ type: "chargingLimit", evseId, source, limit, schedules, at }],
    events: [notice("NotifyChargingLimit", ctx, payload)],
  };
};

/** ClearedChargingLimit (OCPP 2.x K13). */
export const clearedChargingLimit: Handler = (ctx, payload) => {
  const source = needText(payload, "chargingLimitSource", 20);
  const evseId = optionalInteger(payload, "evseId") ?? 0;
  const at = ctx.now.toISOString();
  return {
    answer: {},
    changes: [{ type: "chargingLimit", evseId, source, limit: null, schedules: [], at }],
    events: [notice("ClearedChargingLimit", ctx, payload)],
  };
};
