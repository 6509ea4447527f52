import { sendNext, type CallEnd } from "./calls.ts";
import type { MessageBody, TransactionMessage } from "../station/charge.ts";
import { settingNumber } from "../station/setting-value.ts";
import type { Turn } from "../station/turn.ts";

const BACKLOG_MAX = 200;

/** Stores a transaction message until the central system confirms it, also over lost connections and restarts. */
export function post(turn: Turn, body: MessageBody, chargeId: string, isIntermediate: boolean): void {
  const message: TransactionMessage = { ...body, chargeId, isIntermediate, attempts: 0 };
  turn.remember({ backlog: thinned([...turn.state.memory.backlog, message]) });
  sendNext(turn);
}

/**
 * Handles the answer to the oldest message and returns it if it is confirmed, otherwise null. A failed message is
 * repeated after growing waits and dropped after the configured number of attempts (OCPP 1.6 §3.7.1, 2.x E13).
 */
export function backlogAnswered(turn: Turn, how: CallEnd): TransactionMessage | null {
  const [oldest, ...rest] = turn.state.memory.backlog;
  if (!oldest) return null;
  if (how.kind === "result") {
    drop(turn, oldest);
    return oldest;
  }
  const attempts = oldest.attempts + 1;
  if (attempts >= settingNumber(turn.state, "TransactionMessageAttempts")) {
    drop(turn, oldest);
    return null;
  }
  turn.remember({ backlog: [{ ...oldest, attempts }, ...rest] });
  turn.change({ isBacklogPaused: true });
  turn.setTimer("backlog", attempts * settingNumber(turn.state, "TransactionMessageRetryInterval") * 1_000);
  return null;
}

/** Removes the oldest message. With the end of a transaction, delivered or dropped, its 1.6 id is forgotten. */
function drop(turn: Turn, oldest: TransactionMessage): void {
  const { backlog, transactionIds } = turn.state.memory;
  const { [oldest.chargeId]: _over, ...others } = transactionIds;
  const isEnd = oldest.action === "StopTransaction";
  turn.remember({ backlog: backlog.slice(1), ...(isEnd && { transactionIds: others }) });
}

export function retryBacklog(turn: Turn): void {
  turn.change({ isBacklogPaused: false });
  sendNext(turn);
}

/**
 * Backlog cut to its maximum length: meter values in the middle of a transaction are dropped first, except the oldest
 * message, which may be outstanding.
 */
function thinned(backlog: readonly TransactionMessage[]): readonly TransactionMessage[] {
  if (backlog.length <= BACKLOG_MAX) return backlog;
  const expendable = backlog.findIndex((message, index) => index > 0 && message.isIntermediate);
  return expendable < 0 ? backlog : backlog.filter((_, index) => index !== expendable);
}
