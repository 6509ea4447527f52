import { reportStatuses, setAvailability } from "../connectors.ts";
import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf, textOf } from "../read.ts";

export const changeAvailability: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const type = textOf(payload, "type");
  if (connectorId === undefined) return incomplete("connectorId");
  if (type !== "Operative" && type !== "Inoperative") return incomplete("type");
  if (connectorId < 0 || connectorId > turn.state.profile.connectors)
    return { result: { status: "Rejected" } };
  setAvailability(turn, connectorId, type === "Operative");
  return { result: { status: "Accepted" }, after: reportStatuses };
};
