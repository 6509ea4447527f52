import { changeAvailability as change } from "../availability.ts";
import { setAvailability } from "../connectors.ts";
import { incomplete } from "../inbound.ts";
import { integerOf, textOf } from "../read.ts";
import type { Turn, InboundHandler } from "../turn.ts";

/** OCPP 1.6 5.2: connector 0 stands for the station and every connector it has. */
export const changeAvailability: InboundHandler = (turn, payload) => {
  const connectorId = integerOf(payload, "connectorId");
  const type = textOf(payload, "type");
  if (connectorId === undefined) return incomplete(payload, "connectorId", "integer");
  if (type !== "Operative" && type !== "Inoperative") return incomplete(payload, "type");
  const { connectors } = turn.state.profile;
  if (connectorId < 0 || connectorId > connectors) return { result: { status: "Rejected" } };
  const isOperative = type === "Operative";
  if (connectorId > 0 && isOperative) admitStation(turn);
  const all = Array.from({ length: connectors + 1 }, (_, id) => id);
  return change(turn, connectorId === 0 ? all : [connectorId], isOperative);
};

/** A station is in service as soon as one of its connectors is; the others stay out for themselves. */
function admitStation(turn: Turn): void {
  const { memory, profile } = turn.state;
  if (!memory.inoperative.includes(0) && !(0 in memory.scheduled)) return;
  if (memory.inoperative.includes(0))
    for (let id = 1; id <= profile.connectors; id++) setAvailability(turn, id, false);
  setAvailability(turn, 0, true);
}
