import { changeAvailability as change } from "../availability.ts";
import { incomplete } from "../inbound.ts";
import { objectOf, textOf } from "../read.ts";
import { knownEvse } from "./evse.ts";
import type { InboundHandler } from "../turn.ts";

export const changeAvailability: InboundHandler = (turn, payload) => {
  const status = textOf(payload, "operationalStatus");
  if (status !== "Operative" && status !== "Inoperative") return incomplete(payload, "operationalStatus");
  const evse = objectOf(payload, "evse");
  const evseId = evse ? knownEvse(turn, evse) : 0;
  if (evseId === null) return { result: { status: "Rejected" } };
  return change(turn, [evseId], status === "Operative");
};
