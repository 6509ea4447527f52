import { incomplete } from "../inbound.ts";
import { logFileName, uploadLog } from "../log-upload.ts";
import { textOf } from "../read.ts";
import type { InboundHandler } from "../turn.ts";

/** OCPP 1.6 5.9 */
export const getDiagnostics: InboundHandler = (turn, payload) => {
  if (textOf(payload, "location") === undefined) return incomplete(payload, "location");
  const fileName = logFileName(turn, "diagnostics");
  const after = (answered: typeof turn) =>
    uploadLog(answered, { action: "DiagnosticsStatusNotification", requestId: null });
  return { result: { fileName }, after };
};
