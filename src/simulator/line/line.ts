import { dropCalls } from "./calls.ts";
import type { Turn } from "../station/turn.ts";

const BACK_OFF_FIRST_MS = 2_000;
const BACK_OFF_MAX_MS = 120_000;
export const SHUTDOWN_MS = { low: 200, high: 500 };

/** Closes the connection from the station's side. */
export function hangUp(turn: Turn, reason: string): void {
  if (turn.state.link !== "down") turn.emit({ kind: "close", code: 1000, reason });
  lineLost(turn);
}

/** Call when the connection is closed: drops its CALLs. Statuses are reported again on the next one. */
export function lineLost(turn: Turn): void {
  dropCalls(turn);
  turn.clearTimer("heartbeat");
  turn.clearTimer("boot");
  if (turn.state.isBacklogPaused) turn.clearTimer("backlog");
  const offlineSinceMs = turn.state.offlineSinceMs ?? turn.around.nowMs;
  turn.change({ link: "down", isBacklogPaused: false, offlineSinceMs, reported: {} });
}

/**
 * Sets the timer of the next connection attempt. The back-off doubles from two seconds to two minutes; half of it is
 * random, so that a fleet does not reconnect at once.
 */
export function redialLater(turn: Turn, notBeforeMs = 0): void {
  const { failures } = turn.state;
  const ceilingMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(failures, 10));
  turn.change({ failures: failures + 1 });
  turn.setTimer("dial", Math.max(notBeforeMs - turn.around.nowMs, turn.between(ceilingMs / 2, ceilingMs)));
}

export function dialAgain(turn: Turn): void {
  if (turn.state.power === "off" || turn.state.link !== "down") return;
  turn.change({ link: "dialing" });
  turn.emit({ kind: "dial" });
}

/** Closes a connection without answers and connects again later. */
export function reconnect(turn: Turn): void {
  hangUp(turn, "no answer");
  redialLater(turn);
}

/**
 * Restarts the station after the answer to the command was sent, and after transaction messages were delivered, at
 * most `graceMs` later. `reason`: BootReason of 2.x.
 */
export function restartSoon(turn: Turn, reason: string, graceMs: number): void {
  turn.change({ restartReason: reason, resetWhenIdle: null, restartByMs: turn.around.nowMs + graceMs });
  turn.setTimer("restart", turn.between(SHUTDOWN_MS.low, SHUTDOWN_MS.high));
}

/** Makes the next connection start with a BootNotification, also after a restart of the host. */
export function forgetRegistration(turn: Turn, reason: string): void {
  if (turn.state.memory.booted) turn.remember({ booted: false });
  turn.change({
    resetWhenIdle: null,
    registration: "none",
    restartReason: null,
    bootReason: reason,
    reported: {},
    failures: 0,
  });
}
