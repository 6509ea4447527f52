import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf } from "../read.ts";

/** An unknown connector is NotSupported (OCPP 1.6 errata 3.87). */
export const unlockConnector: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  if (connectorId === undefined) return incomplete("connectorId");
  const isKnown = connectorId >= 1 && connectorId <= turn.state.profile.connectors;
  return { result: { status: isKnown ? "Unlocked" : "NotSupported" } };
};
