import { incomplete } from "./inbound.ts";
import { isUploading, logFileName, uploadLog } from "./log-upload.ts";
import { integerOf, objectOf, textOf } from "./read.ts";
import type { InboundHandler } from "./turn.ts";

const NAMES: Readonly<Record<string, string>> = {
  DiagnosticsLog: "diagnostics",
  SecurityLog: "security",
  DataCollectorLog: "data",
};

/** 2.x N01; the security whitepaper gives it to 1.6 stations too. */
export const getLog: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  const type = textOf(payload, "logType") ?? "";
  const isKnown = Object.hasOwn(NAMES, type) && (type !== "DataCollectorLog" || turn.version === "ocpp2.1");
  const name = isKnown ? NAMES[type] : undefined;
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  if (name === undefined) return incomplete(payload, "logType");
  if (!objectOf(payload, "log")) return incomplete(payload, "log", "object");
  const after = (answered: typeof turn) =>
    uploadLog(answered, { action: "LogStatusNotification", requestId });
  const status = isUploading(turn) ? "AcceptedCanceled" : "Accepted";
  return { result: { status, filename: logFileName(turn, name) }, after };
};
