import { isInstalling, startFirmwareUpdate } from "../firmware.ts";
import { incomplete, type InboundHandler } from "../inbound.ts";
import { integerOf, objectOf, textOf, timeOf } from "../read.ts";

/** L01, L02; an update that has not been installed yet gives way to a new one. */
export const updateFirmware: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  const firmware = objectOf(payload, "firmware");
  if (!firmware) return incomplete(payload, "firmware", "object");
  const location = textOf(firmware, "location");
  const retrieveAtMs = timeOf(firmware, "retrieveDateTime");
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  if (location === undefined) return incomplete(firmware, "location");
  if (retrieveAtMs === undefined) return incomplete(firmware, "retrieveDateTime");
  if (isInstalling(turn)) return { result: { status: "Rejected" } };
  const status = turn.state.memory.firmware ? "AcceptedCanceled" : "Accepted";
  const after = (answered: typeof turn) =>
    startFirmwareUpdate(answered, { requestId, location, retrieveAtMs });
  return { result: { status }, after };
};
