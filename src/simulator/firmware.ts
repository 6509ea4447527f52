import type { JsonObject } from "../ocpp/json.ts";
import { isOccupied } from "./availability.ts";
import { call } from "./calls.ts";
import { reportStatuses } from "./connectors.ts";
import { restartSoon } from "./line.ts";
import { nameplate, type Nameplate } from "./nameplate.ts";
import type { Turn } from "./turn.ts";

/** An update that is told about and never fetched: the address is not opened. */
export interface FirmwareUpdate {
  readonly requestId: number | null;
  readonly version: string;
  readonly stage: "Waiting" | "Downloading" | "Downloaded" | "Installing" | "InstallRebooting";
  /** When the next stage begins, epoch ms. */
  readonly dueMs: number;
}

const STEP_MS = { low: 2_000, high: 4_000 };
const RETRY_WHILE_OCCUPIED_MS = 10_000;
const LOOK_AHEAD_MS = 86_400_000;

export function startFirmwareUpdate(
  turn: Turn,
  update: { readonly requestId: number | null; readonly location: string; readonly retrieveAtMs: number },
): void {
  const { requestId, location, retrieveAtMs } = update;
  const version = nextVersion(location, currentVersion(turn));
  const dueMs = Math.max(retrieveAtMs, turn.around.nowMs);
  turn.remember({ firmware: { requestId, version, stage: "Waiting", dueMs } });
  resumeFirmware(turn);
}

/** Also after a start: the timer is gone, the update is not. */
export function resumeFirmware(turn: Turn): void {
  const { firmware } = turn.state.memory;
  if (!firmware || firmware.stage === "InstallRebooting") return;
  const delayMs = Math.max(0, firmware.dueMs - turn.around.nowMs);
  turn.setTimer("firmware", Math.min(delayMs, LOOK_AHEAD_MS));
}

export function continueFirmware(turn: Turn): void {
  const { firmware } = turn.state.memory;
  if (!firmware) return;
  if (firmware.dueMs > turn.around.nowMs) return resumeFirmware(turn);
  switch (firmware.stage) {
    case "Waiting":
      return enter(turn, firmware, "Downloading");
    case "Downloading":
      return enter(turn, firmware, "Downloaded");
    case "Downloaded":
      if (isOccupied(turn, 0)) return turn.setTimer("firmware", RETRY_WHILE_OCCUPIED_MS);
      enter(turn, firmware, "Installing");
      return reportStatuses(turn);
    case "Installing":
      turn.remember({
        firmware: { ...firmware, stage: "InstallRebooting" },
        firmwareVersion: firmware.version,
      });
      if (turn.version !== "ocpp1.6") tell(turn, "InstallRebooting");
      return restartSoon(turn, "FirmwareUpdate", 0);
  }
}

/** The station has come back with its new firmware. */
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

/** What a triggered status message says; an update that has not begun is no news. */
export function firmwareStatus(turn: Turn): JsonObject {
  const stage = turn.state.memory.firmware?.stage ?? "Waiting";
  return stage === "Waiting" ? { status: "Idle" } : payload(turn, stage);
}

export function currentVersion(turn: Turn): string {
  return turn.state.memory.firmwareVersion ?? turn.state.profile.firmwareVersion;
}

export function currentNameplate(turn: Turn): Nameplate {
  const { profile } = turn.state;
  return nameplate(profile.version, { ...profile, firmwareVersion: currentVersion(turn) });
}

function enter(turn: Turn, firmware: FirmwareUpdate, stage: FirmwareUpdate["stage"]): void {
  const dueMs = turn.around.nowMs + Math.round(turn.between(STEP_MS.low, STEP_MS.high));
  turn.remember({ firmware: { ...firmware, stage, dueMs } });
  tell(turn, stage);
  resumeFirmware(turn);
}

function tell(turn: Turn, status: string): void {
  call(turn, "FirmwareStatusNotification", payload(turn, status));
}

/** A request id belongs to every status but Idle (2.x L01.FR.20); 1.6 has none. */
function payload(turn: Turn, status: string): JsonObject {
  const known = status === "InstallRebooting" && turn.version === "ocpp1.6" ? "Installing" : status;
  const requestId = turn.state.memory.firmware?.requestId ?? null;
  return requestId === null ? { status: known } : { status: known, requestId };
}

/** The version that the address names, else the next one. */
function nextVersion(location: string, current: string): string {
  const named = /(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)(?!\d|\.\d)/.exec(
    location.replace(/^[a-z]+:\/\/[^/]*/i, ""),
  )?.[1];
  if (named !== undefined && named !== current) return named;
  const counted = current.replace(/\d+$/, (digits) => String(Number(digits) + 1));
  return counted === current ? `${current}.1` : counted;
}
