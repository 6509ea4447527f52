import { dropCalls } from "./calls.ts";
import type { Turn } from "../station/turn.ts";

const BACK_OFF_FIRST_MS = 2_000;
const BACK_OFF_MAX_MS = 120_000;
export const SHUTDOWN_MS = { low: 200, high: 500 };

/** The station drops its own line. */
export function hangUp(turn: Turn, reason: string): void {
  if (turn.state.link !== "down") turn.emit({ kind: "close", code: 1000, reason });
  lineLost(turn);
}

/** What was being said on the line is gone with it; statuses are told anew on the next one. */
export function lineLost(turn: Turn): void {
  dropCalls(turn);
  turn.clearTimer("heartbeat");
  turn.clearTimer("boot");
  if (turn.state.isBacklogPaused) turn.clearTimer("backlog");
  const offlineSinceMs = turn.state.offlineSinceMs ?? turn.around.nowMs;
  turn.change({ link: "down", isBacklogPaused: false, offlineSinceMs, reported: {} });
}

/** Doubles from two seconds to two minutes; the random half keeps a fleet from coming back in step. */
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

/** Gives up a line that went silent. */
export function reconnect(turn: Turn): void {
  hangUp(turn, "no answer");
  redialLater(turn);
}

/**
 * The answer that promised it goes out in peace first, and transaction messages within `graceMs`. `reason` in the
 * words of 2.x.
 */
export function restartSoon(turn: Turn, reason: string, graceMs: number): void {
  turn.change({ restartReason: reason, resetWhenIdle: null, restartByMs: turn.around.nowMs + graceMs });
  turn.setTimer("restart", turn.between(SHUTDOWN_MS.low, SHUTDOWN_MS.high));
}

/** The next connection starts with a BootNotification, also when the host itself is restarted before. */
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
