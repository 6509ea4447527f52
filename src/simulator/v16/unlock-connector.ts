import { leave } from "../charging.ts";
import { incomplete } from "../inbound.ts";
import { integerOf } from "../read.ts";
import { endTransaction } from "../transactions.ts";
import type { InboundHandler } from "../turn.ts";

/** Ends a transaction first (OCPP 1.6 5.18). An unknown connector is NotSupported (errata 3.87). */
export const unlockConnector: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  const isKnown = connectorId >= 1 && connectorId <= turn.state.profile.connectors;
  if (!isKnown) return { result: { status: "NotSupported" } };
  const isRunning = turn.state.memory.charges[connectorId]?.stage === "charging";
  const after = (answered: typeof turn) =>
    isRunning ? endTransaction(answered, connectorId, "UnlockCommand") : leave(answered, connectorId);
  return { result: { status: "Unlocked" }, after };
};
