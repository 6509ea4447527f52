import type { Handler, HandlerContext } from "../../handler.ts";
import { needInteger, needObjects, optionalInteger, optionalText } from "../../payload.ts";
import type { TransactionRecord } from "../../station-state.ts";
import { eventTime } from "../../station-time.ts";
import { UNCONFIRMED_ID } from "../unconfirmed-id.ts";

/** OCPP 1.6 §4.7; connector 0 is the main meter. */
export const meterValues: Handler = (ctx, payload) => {
  const evseId = needInteger(payload, "connectorId");
  const meterValue = needObjects(payload, "meterValue");
  const claimed = optionalInteger(payload, "transactionId");
  const record = claimed === null ? null : find(ctx, claimed, evseId);
  const lastValue = meterValue.at(-1);
  return {
    answer: {},
    changes: [],
    events: [
      {
        type: "meterValues",
        transactionId: record?.transactionId ?? null,
        claimedId: record || claimed === null ? null : String(claimed),
        evseId,
        triggerReason: null,
        chargingState: null,
        meterValue,
        at: eventTime(lastValue ? optionalText(lastValue, "timestamp") : null, ctx.now),
      },
    ],
  };
};

function find(ctx: HandlerContext, claimed: number, evseId: number): TransactionRecord | null {
  const { transactions } = ctx.station;
  return claimed === UNCONFIRMED_ID ? transactions.openOn(evseId) : transactions.byId(claimed);
}
