import { bootNow } from "./boot.ts";
import { reportStatuses } from "./connectors.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { forgetRegistration, hangUp, lineLost, redialLater } from "./line.ts";
import type { Turn } from "./turn.ts";

export function powerOn(turn: Turn): void {
  if (turn.state.power === "on") return;
  turn.change({ power: "on", link: "dialing", failures: 0 });
  turn.emit({ kind: "dial" });
}

/** Like a power cut: nothing is said, the line drops, and the next start is a boot. */
export function powerOff(turn: Turn): void {
  if (turn.state.power === "off") return;
  hangUp(turn, "power off");
  turn.clearTimer("dial");
  turn.clearTimer("restart");
  turn.change({ power: "off" });
  forgetRegistration(turn, "PowerUp");
}

export function connected(turn: Turn): void {
  if (turn.state.link !== "dialing") {
    turn.emit({ kind: "close", code: 1000, reason: "not wanted" });
    return;
  }
  turn.change({ link: "up" });
  if (turn.state.bootReason !== null) return bootNow(turn);
  turn.change({ failures: 0 });
  reportStatuses(turn);
  startHeartbeat(turn);
}

export function disconnected(turn: Turn): void {
  if (turn.state.link === "down") return;
  lineLost(turn);
  redialLater(turn);
}
