import type { JsonObject } from "../../ocpp/json.ts";
import { call, type CallEnd } from "../line/calls.ts";
import { incomplete } from "../line/inbound.ts";
import { integerOf, objectOf, textOf } from "../station/read.ts";
import type { LogUpload, OutstandingCall } from "../station/state.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";

const PREPARE_MS = { low: 500, high: 1_000 };
const UPLOAD_MS = { low: 2_000, high: 4_000 };
const TELL_AGAIN_MS = 60_000;

export function logFileName(turn: Turn, kind: string): string {
  const at = turn.now().slice(0, 19).replaceAll(":", "-");
  return `${kind}-${turn.state.profile.serialNumber}-${at}.zip`;
}

/** Starts an upload. It replaces a running one, which is reported in 2.x only (N01.FR.12). */
export function uploadLog(turn: Turn, log: Pick<LogUpload, "action" | "requestId">): void {
  const { log: earlier } = turn.state.memory;
  if (earlier && isRunning(earlier) && turn.version !== "ocpp1.6") tell(turn, earlier, "AcceptedCanceled");
  turn.remember({ log: { ...log, stage: "Waiting" } });
  turn.setTimer("log", turn.between(PREPARE_MS.low, PREPARE_MS.high));
}

export function continueUpload(turn: Turn): void {
  const { log } = turn.state.memory;
  if (!log) return;
  if (!isRunning(log)) return tellUpload(turn);
  const stage = log.stage === "Waiting" ? "Uploading" : "Uploaded";
  turn.remember({ log: { ...log, stage } });
  if (stage === "Uploaded") return tellUpload(turn);
  tell(turn, log, stage);
  resumeUpload(turn);
}

/** Sets the timer of a running upload, also after a restart of the host. */
export function resumeUpload(turn: Turn): void {
  const { log } = turn.state.memory;
  if (log && isRunning(log)) turn.setTimer("log", turn.between(UPLOAD_MS.low, UPLOAD_MS.high));
}

/** Fails a running upload at a power cut. */
export function breakUpload(turn: Turn): void {
  const { log } = turn.state.memory;
  if (!log) return;
  turn.clearTimer("log");
  if (isRunning(log)) turn.remember({ log: { ...log, stage: "Failed" } });
}

/** Reports how an upload ended, again on every new connection until it is answered. */
export function tellUpload(turn: Turn): void {
  const { log } = turn.state.memory;
  if (log && !isRunning(log)) tell(turn, log, lastWord(log));
}

export function uploadAnswered(turn: Turn, how: CallEnd, { action, payload: told }: OutstandingCall): void {
  const { log } = turn.state.memory;
  const isLast = log && !isRunning(log) && log.action === action && told["status"] === lastWord(log);
  if (!isLast) return;
  if (how.kind === "silent") turn.setTimer("log", TELL_AGAIN_MS);
  else turn.remember({ log: null });
}

/** Whether an upload requested by GetLog is running, which another request would cancel. */
function isUploading(turn: Turn): boolean {
  const { log } = turn.state.memory;
  return log !== null && log.requestId !== null && isRunning(log);
}

/** Payload of a triggered status message. */
export function logStatus(turn: Turn, action: LogUpload["action"]): JsonObject {
  const { log } = turn.state.memory;
  return log?.stage === "Uploading" && log.action === action ? payload(log, "Uploading") : { status: "Idle" };
}

function isRunning({ stage }: LogUpload): boolean {
  return stage === "Waiting" || stage === "Uploading";
}

function lastWord({ action, stage }: LogUpload): string {
  if (stage === "Uploaded") return stage;
  return action === "LogStatusNotification" ? "UploadFailure" : "UploadFailed";
}

function tell(turn: Turn, log: LogUpload, status: string): void {
  call(turn, log.action, payload(log, status));
}

function payload({ requestId }: LogUpload, status: string): JsonObject {
  return requestId === null ? { status } : { status, requestId };
}

const NAMES: Readonly<Record<string, string>> = {
  DiagnosticsLog: "diagnostics",
  SecurityLog: "security",
  DataCollectorLog: "data",
};

/** GetLog (2.x N01, 1.6 security whitepaper). */
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
