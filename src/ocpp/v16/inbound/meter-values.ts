import type { Handler } from "../../handler.ts";
import { runningTransaction } from "../../inbound/transactions.ts";
import { needInteger, needObjects, optionalInteger, optionalText } from "../../payload.ts";
import { eventTime } from "../../station-time.ts";
import { openUnconfirmed, UNCONFIRMED_ID } from "../unconfirmed-id.ts";

/** MeterValues (OCPP 1.6 §4.7). Connector 0 is the main meter. */
export const meterValues: Handler = (ctx, payload) => {
  const evseId = needInteger(payload, "connectorId");
  const meterValue = needObjects(payload, "meterValue");
  const lastValue = meterValue.at(-1);
  const at = eventTime(lastValue ? optionalText(lastValue, "timestamp") : null, ctx.now);
  const claimed = optionalInteger(payload, "transactionId");
  const named = claimed === null ? null : ctx.station.transactions.byId(claimed);
  const unnamed = claimed === null ? runningTransaction(ctx, { evseId, at }) : named;
  const record = claimed === UNCONFIRMED_ID ? openUnconfirmed(ctx, evseId) : unnamed;
  const isNews = named !== null && !named.isConfirmed;
  return {
    answer: {},
    changes: isNews ? [{ type: "transactionConfirmed", transactionId: named.transactionId }] : [],
    events: [
      {
        type: "meterValues",
        transactionId: record?.transactionId ?? null,
        claimedId: record || claimed === null ? null : String(claimed),
        evseId,
        triggerReason: null,
        chargingState: null,
        meterValue,
        at,
      },
    ],
  };
};
