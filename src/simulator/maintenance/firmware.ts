import type { JsonObject } from "../../ocpp/json.ts";
import { isOccupied } from "../charging/availability.ts";
import { call } from "../line/calls.ts";
import { reportStatuses } from "../charging/connectors.ts";
import { incomplete } from "../line/inbound.ts";
import { restartSoon } from "../line/line.ts";
import { nameplate, type Nameplate } from "../station/nameplate.ts";
import { integerOf, objectOf, textOf, timeOf } from "../station/read.ts";
import type { FirmwareStage, FirmwareUpdate } from "../station/state.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";

/** A validated request for a firmware update. */
export interface FirmwareOrder {
  readonly requestId: number | null;
  readonly location: string;
  readonly retrieveAtMs: number;
  readonly installAtMs?: number | undefined;
  readonly isSigned?: boolean;
}

const STEP_MS = { low: 2_000, high: 4_000 };
const RETRY_WHILE_OCCUPIED_MS = 10_000;

export function startFirmwareUpdate(turn: Turn, order: FirmwareOrder): void {
  const { location, retrieveAtMs, ...update } = order;
  const { nowMs } = turn.around;
  const version = nextVersion(location, currentVersion(turn));
  const isLater = retrieveAtMs > nowMs && update.requestId !== null;
  const stage = isLater ? "DownloadScheduled" : "Waiting";
  turn.remember({ firmware: { ...update, version, stage, dueMs: Math.max(retrieveAtMs, nowMs) } });
  if (isLater) tell(turn, stage);
  resumeFirmware(turn);
}

/** Sets the timer of the current stage, also after a restart of the host. */
export function resumeFirmware(turn: Turn): void {
  const { firmware } = turn.state.memory;
  if (!firmware || firmware.stage === "InstallRebooting") return;
  turn.setTimerAhead("firmware", firmware.dueMs);
}

export function continueFirmware(turn: Turn): void {
  const { firmware } = turn.state.memory;
  if (!firmware) return;
  if (firmware.dueMs > turn.around.nowMs) return resumeFirmware(turn);
  const stage = stageAfter(firmware, turn.around.nowMs);
  if (stage === "InstallRebooting") return rebootInto(turn, firmware);
  if (stage === "Installing" && isOccupied(turn, 0))
    return turn.setTimer("firmware", RETRY_WHILE_OCCUPIED_MS);
  enter(turn, firmware, stage);
  if (stage === "Installing") reportStatuses(turn);
}

/** Stage after the current one (OCPP 1.6 §4.5, 2.x L01). */
function stageAfter({ stage, isSigned, installAtMs = 0 }: FirmwareUpdate, nowMs: number): FirmwareStage {
  const install = installAtMs > nowMs ? "InstallScheduled" : "Installing";
  switch (stage) {
    case "Waiting":
    case "DownloadScheduled":
      return "Downloading";
    case "Downloading":
      return "Downloaded";
    case "Downloaded":
      return isSigned ? "SignatureVerified" : install;
    case "SignatureVerified":
    case "InstallScheduled":
      return install;
    case "Installing":
    case "InstallRebooting":
      return "InstallRebooting";
  }
}

function rebootInto(turn: Turn, firmware: FirmwareUpdate): void {
  turn.remember({
    firmware: { ...firmware, stage: "InstallRebooting" },
    firmwareVersion: firmware.version,
  });
  if (firmware.requestId !== null) tell(turn, "InstallRebooting");
  restartSoon(turn, "FirmwareUpdate", 0);
}

/** Call after the boot: reports Installed for an update that rebooted the station. */
export function firmwareBooted(turn: Turn): void {
  const { firmware } = turn.state.memory;
  if (firmware?.stage !== "InstallRebooting") return;
  tell(turn, "Installed");
  turn.remember({ firmware: null });
}

export function isInstalling(turn: Turn): boolean {
  const stage = turn.state.memory.firmware?.stage;
  return stage === "Installing" || stage === "InstallRebooting";
}

/** Payload of a triggered status message; Idle if no update has begun. */
export function firmwareStatus(turn: Turn, action: string): JsonObject {
  const stage = turn.state.memory.firmware?.stage ?? "Waiting";
  const isNews = stage !== "Waiting" && action === actionOf(turn);
  return isNews ? payload(turn, stage) : { status: "Idle" };
}

function currentVersion(turn: Turn): string {
  return turn.state.memory.firmwareVersion ?? turn.state.profile.firmwareVersion;
}

export function currentNameplate(turn: Turn): Nameplate {
  const { profile } = turn.state;
  return nameplate(profile.version, { ...profile, firmwareVersion: currentVersion(turn) });
}

function enter(turn: Turn, firmware: FirmwareUpdate, stage: FirmwareStage): void {
  const soonMs = turn.around.nowMs + Math.round(turn.between(STEP_MS.low, STEP_MS.high));
  const dueMs = stage === "InstallScheduled" ? (firmware.installAtMs ?? soonMs) : soonMs;
  turn.remember({ firmware: { ...firmware, stage, dueMs } });
  tell(turn, stage);
  resumeFirmware(turn);
}

function tell(turn: Turn, status: string): void {
  call(turn, actionOf(turn), payload(turn, status));
}

/** Action of a status message: 1.6 has a separate one for updates with a request id (security whitepaper). */
function actionOf(turn: Turn): string {
  const isSigned = turn.version === "ocpp1.6" && requestIdOf(turn) !== null;
  return isSigned ? "SignedFirmwareStatusNotification" : "FirmwareStatusNotification";
}

/** Payload of a status. Every status but Idle has the request id (2.x L01.FR.20). */
function payload(turn: Turn, status: string): JsonObject {
  const requestId = requestIdOf(turn);
  if (requestId !== null) return { status, requestId };
  return { status: status === "InstallRebooting" ? "Installing" : status };
}

function requestIdOf(turn: Turn): number | null {
  return turn.state.memory.firmware?.requestId ?? null;
}

/** Firmware version in the URL, otherwise the next version number. */
function nextVersion(location: string, current: string): string {
  const named = /(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)(?!\d|\.\d)/.exec(
    location.replace(/^[a-z]+:\/\/[^/]*/i, ""),
  )?.[1];
  if (named !== undefined && named !== current) return named;
  const counted = current.replace(/\d+$/, (digits) => String(Number(digits) + 1));
  return counted === current ? `${current}.1` : counted;
}

/** UpdateFirmware (2.x L01, L02). A new request replaces an update that is not installed yet. */
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
