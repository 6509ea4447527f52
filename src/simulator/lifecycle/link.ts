import { bootNow } from "./boot.ts";
import { sendNext } from "../line/calls.ts";
import { NO_FLOW } from "../station/charge.ts";
import { endCharges, leaveUnlessCharging, resumeCharges } from "../charging/charging.ts";
import { reportStatuses } from "../charging/connectors.ts";
import { resumeFirmware } from "../maintenance/firmware.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { forgetRegistration, hangUp, lineLost, redialLater, SHUTDOWN_MS } from "../line/line.ts";
import { breakUpload, resumeUpload, tellUpload } from "../maintenance/log-upload.ts";
import { settleMeter } from "../charging/meter.ts";
import { dropOfflineProfiles, lineChanged } from "../charging/profiles.ts";
import { watchCommands } from "../control/commands.ts";
import { watchReservations } from "../charging/reservations.ts";
import { startAligned } from "../charging/sampling.ts";
import { chargingConnectors, setCharge } from "../charging/transactions.ts";
import type { TimerName, Turn } from "../station/turn.ts";

const TIMERS_OF_WORK: readonly TimerName[] = [
  "aligned",
  "commands",
  "firmware",
  "limits",
  "meter",
  "reservation",
  "restart",
];

/**
 * Switches the station on. If its last boot is still valid, only the host was restarted, and transactions go on;
 * otherwise the power was cut.
 */
export function powerOn(turn: Turn): void {
  if (turn.state.power === "on") return;
  turn.change({ power: "on", link: "dialing", failures: 0, offlineSinceMs: turn.around.nowMs });
  turn.emit({ kind: "dial" });
  if (turn.state.memory.booted) resumeCharges(turn);
  else endCharges(turn);
  lineChanged(turn);
  resumeFirmware(turn);
  resumeUpload(turn);
  watchReservations(turn);
  startAligned(turn);
  watchCommands(turn);
}

/**
 * Switches the station off like a power cut: no message is sent, the connection closes, and the next start sends a
 * boot.
 */
export function powerOff(turn: Turn): void {
  if (turn.state.power === "off") return;
  for (const id of chargingConnectors(turn)) {
    settleMeter(turn, id);
    setCharge(turn, id, { flow: NO_FLOW });
  }
  hangUp(turn, "power off");
  turn.clearTimer("dial");
  for (const name of TIMERS_OF_WORK) turn.clearTimer(name);
  for (const id of Object.keys(turn.state.memory.charges)) {
    turn.clearTimer(`connector ${Number(id)}`);
    turn.clearTimer(`charge ${Number(id)}`);
  }
  turn.change({ power: "off" });
  forgetRegistration(turn, "PowerUp");
  breakUpload(turn);
}

export function connected(turn: Turn): void {
  if (turn.state.link !== "dialing") {
    turn.emit({ kind: "close", code: 1000, reason: "not wanted" });
    return;
  }
  dropOfflineProfiles(turn);
  turn.change({ link: "up", offlineSinceMs: null });
  lineChanged(turn);
  const { bootReason } = turn.state;
  if (bootReason !== null) return bootNow(turn, bootReason);
  turn.change({ failures: 0 });
  reportStatuses(turn);
  tellUpload(turn);
  sendNext(turn);
  startHeartbeat(turn);
}

export function disconnected(turn: Turn, notBeforeMs: number | undefined): void {
  if (turn.state.link === "down") return;
  lineLost(turn);
  lineChanged(turn);
  redialLater(turn, notBeforeMs);
}

const RESTART_MS = { low: 1_000, high: 3_000 };

/** Restarts the station: closes the connection, forgets the registration and connects again a moment later. */
export function restart(turn: Turn): void {
  const reason = turn.state.restartReason;
  if (reason === null || turn.state.power === "off") return;
  const { link, memory, isBacklogPaused, restartByMs } = turn.state;
  const isDelivering = link === "up" && memory.backlog.length > 0 && !isBacklogPaused;
  if (isDelivering && turn.around.nowMs < restartByMs) return turn.setTimer("restart", SHUTDOWN_MS.high);
  hangUp(turn, "reboot");
  forgetRegistration(turn, reason);
  breakUpload(turn);
  leaveUnlessCharging(turn);
  turn.setTimer("dial", turn.between(RESTART_MS.low, RESTART_MS.high));
}
