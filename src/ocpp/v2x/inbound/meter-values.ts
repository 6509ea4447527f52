import type { Handler } from "../../handler.ts";
import { runningTransaction } from "../../inbound/transactions.ts";
import { needInteger, needObjects, optionalText } from "../../payload.ts";
import { eventTime } from "../../station-time.ts";

/** MeterValues (OCPP 2.x J01). The message names no transaction; EVSE 0 is the main meter. */
export const meterValues: Handler = (ctx, payload) => {
  const evseId = needInteger(payload, "evseId");
  const meterValue = needObjects(payload, "meterValue");
  const lastValue = meterValue.at(-1);
  const at = eventTime(lastValue ? optionalText(lastValue, "timestamp") : null, ctx.now);
  const transactionId = runningTransaction(ctx, { evseId, at })?.transactionId ?? null;
  const about = { transactionId, claimedId: null, triggerReason: null, chargingState: null };
  return { answer: {}, changes: [], events: [{ type: "meterValues", ...about, evseId, meterValue, at }] };
};
