import { incomplete, type InboundHandler } from "../inbound.ts";
import { restartSoon } from "../line.ts";
import { textOf } from "../read.ts";

/** OCPP 1.6 5.14: the answer comes first, then the line drops. */
export const reset: InboundHandler = (_turn, payload) => {
  const type = textOf(payload, "type");
  if (type === undefined) return incomplete("type");
  if (type !== "Hard" && type !== "Soft")
    return { error: "PropertyConstraintViolation", description: "type" };
  return { result: { status: "Accepted" }, after: (turn) => restartSoon(turn, "RemoteReset") };
};
