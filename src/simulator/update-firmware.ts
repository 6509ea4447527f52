import { isInstalling, startFirmwareUpdate } from "./firmware.ts";
import { incomplete } from "./inbound.ts";
import { integerOf, objectOf, textOf, timeOf } from "./read.ts";
import type { InboundHandler } from "./turn.ts";

/** 2.x L01, L02; an update that has not been installed yet gives way to a new one. */
export const updateFirmware: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  const firmware = objectOf(payload, "firmware");
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  if (!firmware) return incomplete(payload, "firmware", "object");
  const location = textOf(firmware, "location");
  const retrieveAtMs = timeOf(firmware, "retrieveDateTime");
  const installAtMs = timeOf(firmware, "installDateTime");
  const isSigned = textOf(firmware, "signature") !== undefined;
  if (location === undefined) return incomplete(firmware, "location");
  if (retrieveAtMs === undefined) return incomplete(firmware, "retrieveDateTime");
  if (isInstalling(turn)) return { result: { status: "Rejected" } };
  const status = turn.state.memory.firmware ? "AcceptedCanceled" : "Accepted";
  const after = (answered: typeof turn) =>
    startFirmwareUpdate(answered, { requestId, location, retrieveAtMs, installAtMs, isSigned });
  return { result: { status }, after };
};
