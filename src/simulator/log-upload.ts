import { call } from "./calls.ts";
import type { JsonObject } from "../ocpp/json.ts";
import type { Turn } from "./turn.ts";

/** An upload that is told about and never happens: the address is not opened. */
export interface LogUpload {
  readonly action: "DiagnosticsStatusNotification" | "LogStatusNotification";
  readonly requestId: number | null;
  readonly isUploading: boolean;
}

const PREPARE_MS = { low: 500, high: 1_000 };
const UPLOAD_MS = { low: 2_000, high: 4_000 };

export function logFileName(turn: Turn, kind: string): string {
  const at = turn.now().slice(0, 19).replaceAll(":", "-");
  return `${kind}-${turn.state.profile.serialNumber}-${at}.zip`;
}

/** A second request takes the place of one that runs; only 2.x tells about it (N01.FR.12). */
export function uploadLog(turn: Turn, log: Pick<LogUpload, "action" | "requestId">): void {
  if (turn.state.log && turn.version !== "ocpp1.6") tell(turn, turn.state.log, "AcceptedCanceled");
  turn.change({ log: { ...log, isUploading: false } });
  turn.setTimer("log", turn.between(PREPARE_MS.low, PREPARE_MS.high));
}

export function continueUpload(turn: Turn): void {
  const { log } = turn.state;
  if (!log) return;
  tell(turn, log, log.isUploading ? "Uploaded" : "Uploading");
  turn.change({ log: log.isUploading ? null : { ...log, isUploading: true } });
  if (!log.isUploading) turn.setTimer("log", turn.between(UPLOAD_MS.low, UPLOAD_MS.high));
}

/** What a triggered status message says. */
export function logStatus(turn: Turn, action: LogUpload["action"]): JsonObject {
  const { log } = turn.state;
  return log?.isUploading && log.action === action ? payload(log, "Uploading") : { status: "Idle" };
}

function tell(turn: Turn, log: LogUpload, status: string): void {
  call(turn, log.action, payload(log, status));
}

function payload({ requestId }: LogUpload, status: string): JsonObject {
  return requestId === null ? { status } : { status, requestId };
}
