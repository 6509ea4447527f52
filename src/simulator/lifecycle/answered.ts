import { backlogAnswered } from "../line/backlog.ts";
import { bootAnswered } from "./boot.ts";
import { sendNext, type CallEnd, type EndedCall } from "../line/calls.ts";
import { authorizeAnswered } from "../charging/charging.ts";
import { statusAnswered } from "../charging/connectors.ts";
import { heartbeatAnswered } from "./heartbeat.ts";
import { uploadAnswered } from "../maintenance/log-upload.ts";
import type { OutstandingCall } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";
import { confirmed } from "../charging/transactions.ts";

/** What the station does when one of its own CALLs has ended; actions without a row need nothing. */
const ANSWERED: Readonly<Record<string, (turn: Turn, how: CallEnd, call: OutstandingCall) => void>> = {
  Authorize: authorizeAnswered,
  BootNotification: bootAnswered,
  DiagnosticsStatusNotification: uploadAnswered,
  Heartbeat: heartbeatAnswered,
  LogStatusNotification: uploadAnswered,
  StatusNotification: statusAnswered,
};

export function callEnded(turn: Turn, ended: EndedCall | null): void {
  if (!ended) return;
  if (ended.call.isBacklog) transactionAnswered(turn, ended.how);
  else ANSWERED[ended.call.action]?.(turn, ended.how, ended.call);
  sendNext(turn);
}

function transactionAnswered(turn: Turn, how: CallEnd): void {
  const message = backlogAnswered(turn, how);
  if (message && how.kind === "result") confirmed(turn, message, how.payload);
}
