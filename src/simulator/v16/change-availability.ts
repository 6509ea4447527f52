import { changeAvailability as change } from "../availability.ts";
import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf, textOf } from "../read.ts";

export const changeAvailability: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const type = textOf(payload, "type");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (type !== "Operative" && type !== "Inoperative") return incomplete(payload, "type");
  if (connectorId < 0 || connectorId > turn.state.profile.connectors)
    return { result: { status: "Rejected" } };
  return change(turn, connectorId, type === "Operative");
};
