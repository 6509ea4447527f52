import { leave } from "../charging.ts";
import { incomplete } from "../inbound.ts";
import { integerOf } from "../read.ts";
import { knownEvse } from "./evse.ts";
import type { InboundHandler } from "../turn.ts";

/** F05: a running transaction keeps its cable. */
export const unlockConnector: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "evseId");
  const connectorId = integerOf(payload, "connectorId");
  if (id === undefined) return incomplete(payload, "evseId", "integer");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (knownEvse(turn, { id, connectorId }) === null) return { result: { status: "UnknownConnector" } };
  const isRunning = turn.state.memory.charges[id]?.stage === "charging";
  if (isRunning) return { result: { status: "OngoingAuthorizedTransaction" } };
  return { result: { status: "Unlocked" }, after: (answered) => leave(answered, id) };
};
