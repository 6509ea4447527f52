import { isInstalling, startFirmwareUpdate } from "../firmware.ts";
import { incomplete } from "../inbound.ts";
import { textOf, timeOf } from "../read.ts";
import type { InboundHandler } from "../turn.ts";

/** OCPP 1.6 5.19: the answer is empty and cannot refuse; what comes while an update is installed is dropped. */
export const updateFirmware: InboundHandler = (turn, payload) => {
  const location = textOf(payload, "location");
  const retrieveAtMs = timeOf(payload, "retrieveDate");
  if (location === undefined) return incomplete(payload, "location");
  if (retrieveAtMs === undefined) return incomplete(payload, "retrieveDate");
  if (isInstalling(turn)) return { result: {} };
  const after = (answered: typeof turn) =>
    startFirmwareUpdate(answered, { requestId: null, location, retrieveAtMs });
  return { result: {}, after };
};
