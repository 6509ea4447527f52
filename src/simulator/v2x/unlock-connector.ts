import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf } from "../read.ts";
import { knownEvse } from "./evse.ts";

export const unlockConnector: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "evseId");
  const connectorId = integerOf(payload, "connectorId");
  if (id === undefined) return incomplete("evseId");
  if (connectorId === undefined) return incomplete("connectorId");
  const isKnown = knownEvse(turn, { id, connectorId }) !== null;
  return { result: { status: isKnown ? "Unlocked" : "UnknownConnector" } };
};
