import { bootAnswered } from "./boot.ts";
import { sendNext, type CallEnd, type EndedCall } from "./calls.ts";
import { statusAnswered } from "./connectors.ts";
import { heartbeatAnswered } from "./heartbeat.ts";
import type { OutstandingCall } from "./state.ts";
import type { Turn } from "./turn.ts";

/** What the station does when a CALL of its own has ended; an action without a row needs nothing. */
const ANSWERED: Readonly<Record<string, (turn: Turn, how: CallEnd, call: OutstandingCall) => void>> = {
  BootNotification: bootAnswered,
  Heartbeat: heartbeatAnswered,
  StatusNotification: statusAnswered,
};

export function callEnded(turn: Turn, ended: EndedCall | null): void {
  if (!ended) return;
  ANSWERED[ended.call.action]?.(turn, ended.how, ended.call);
  sendNext(turn);
}
