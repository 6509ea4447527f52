import { startFirmwareUpdate } from "../firmware.ts";
import { incomplete, type InboundHandler } from "../inbound.ts";
import { textOf, timeOf } from "../read.ts";

/** OCPP 1.6 5.19: the answer is empty; what becomes of it is told afterwards. */
export const updateFirmware: InboundHandler = (_turn, payload) => {
  const location = textOf(payload, "location");
  const retrieveAtMs = timeOf(payload, "retrieveDate");
  if (location === undefined) return incomplete("location");
  if (retrieveAtMs === undefined) return incomplete("retrieveDate");
  const after = (turn: typeof _turn) =>
    startFirmwareUpdate(turn, { requestId: null, location, retrieveAtMs });
  return { result: {}, after };
};
