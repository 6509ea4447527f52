import { call, type CallEnd } from "../line/calls.ts";
import { reconnect } from "../line/line.ts";
import { lineChanged } from "../charging/profiles.ts";
import type { Turn } from "../station/turn.ts";

/**
 * Starts heartbeats. The first comes at a random point of the interval, so that stations that booted together do not
 * send at once.
 */
export function startHeartbeat(turn: Turn): void {
  turn.setTimer("heartbeat", turn.between(0.1, 1) * intervalMs(turn));
}

export function beat(turn: Turn): void {
  const isAccepted = turn.state.link === "up" && turn.state.registration === "accepted";
  if (!isAccepted) return;
  turn.setTimer("heartbeat", intervalMs(turn));
  call(turn, "Heartbeat", {});
}

/** An unanswered heartbeat means that the connection is lost, although the socket is open. */
export function heartbeatAnswered(turn: Turn, how: CallEnd): void {
  if (how.kind !== "silent") return;
  reconnect(turn);
  lineChanged(turn);
}

/** Sets a new interval, from now on and durably. */
export function changeHeartbeat(turn: Turn, heartbeatSeconds: number): void {
  turn.remember({ heartbeatSeconds });
  if (turn.state.link === "up" && turn.state.registration === "accepted") startHeartbeat(turn);
}

function intervalMs(turn: Turn): number {
  return turn.state.memory.heartbeatSeconds * 1_000;
}
