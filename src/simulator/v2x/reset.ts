import { incomplete, type InboundHandler } from "../inbound.ts";
import { restartSoon } from "../line.ts";
import { integerOf, textOf } from "../read.ts";

const TYPES = ["Immediate", "OnIdle", "ImmediateAndResume"];

/** B12: a single EVSE cannot be reset on its own here (B11.FR.09 allows to refuse it). */
export const reset: InboundHandler = (_turn, payload) => {
  const type = textOf(payload, "type");
  if (type === undefined) return incomplete("type");
  if (!TYPES.includes(type)) return { error: "PropertyConstraintViolation", description: "type" };
  if (integerOf(payload, "evseId")) return { result: { status: "Rejected" } };
  return { result: { status: "Accepted" }, after: (turn) => restartSoon(turn, "RemoteReset") };
};
