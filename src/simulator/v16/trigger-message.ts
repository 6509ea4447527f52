import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf, textOf } from "../read.ts";
import { trigger } from "../trigger.ts";

/** Also answers ExtendedTriggerMessage of the security whitepaper, which only adds names. */
export const triggerMessage: InboundHandler = (turn, payload) => {
  const message = textOf(payload, "requestedMessage");
  if (message === undefined) return incomplete(payload, "requestedMessage");
  return trigger(turn, message, integerOf(payload, "connectorId") ?? null);
};
