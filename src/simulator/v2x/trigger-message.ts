import { incomplete, type InboundHandler } from "../inbound.ts";
import { objectOf, textOf } from "../read.ts";
import { trigger } from "../trigger.ts";
import { knownEvse } from "./evse.ts";

export const triggerMessage: InboundHandler = (turn, payload) => {
  const message = textOf(payload, "requestedMessage");
  if (message === undefined) return incomplete(payload, "requestedMessage");
  const evse = objectOf(payload, "evse");
  const evseId = evse ? knownEvse(turn, evse) : null;
  if (evse && evseId === null) return { result: { status: "Rejected" } };
  return trigger(turn, message, evseId);
};
