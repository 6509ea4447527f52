import { leaveUnlessCharging } from "./charging.ts";
import { forgetRegistration, hangUp, SHUTDOWN_MS } from "./line.ts";
import { breakUpload } from "./log-upload.ts";
import type { Turn } from "./turn.ts";

const RESTART_MS = { low: 1_000, high: 3_000 };

/** Drops the line, forgets the registration and comes back by itself a moment later. */
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
