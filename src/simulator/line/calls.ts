import type { JsonObject, JsonValue } from "../../ocpp/json.ts";
import { isJsonObject } from "../../ocpp/json.ts";
import { encodeCall } from "../../ocpp/frame.ts";
import { settingNumber } from "../station/setting-value.ts";
import type { CallPlan, OutstandingCall } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";

const QUEUE_LENGTH_MAX = 64;

/** How a CALL of the station ended: CALLRESULT, CALLERROR, or no answer in time. */
export type CallEnd =
  | { readonly kind: "result"; readonly payload: JsonObject }
  | { readonly kind: "error" }
  | { readonly kind: "silent" };

/** A CALL of the station that has ended. */
export interface EndedCall {
  readonly call: OutstandingCall;
  readonly how: CallEnd;
}

/** Queues a CALL; drops it if the station is offline or may not send it now. */
export function call(
  turn: Turn,
  action: string,
  payload: JsonObject,
  options: Partial<Omit<CallPlan, "action" | "payload">> = {},
): void {
  const plan: CallPlan = {
    triggered: false,
    connectorId: null,
    isBacklog: false,
    ...options,
    action,
    payload,
  };
  const { link, queue } = turn.state;
  if (link !== "up" || !maySend(turn, plan) || queue.length >= QUEUE_LENGTH_MAX) return;
  turn.change({ queue: [...queue, plan] });
  sendNext(turn);
}

/** Drops all CALLs of a closed connection; statuses are reported again on the next one. */
export function dropCalls(turn: Turn): void {
  if (turn.state.outstanding) turn.clearTimer("answer");
  turn.change({ outstanding: null, queue: [] });
}

/** Ends the outstanding CALL with its answer; null: the answer is late or has an unknown id. */
export function takeAnswer(turn: Turn, id: string, payload: JsonValue | null): EndedCall | null {
  const { outstanding } = turn.state;
  if (outstanding?.id !== id) return null;
  turn.clearTimer("answer");
  turn.change({ outstanding: null });
  return { call: outstanding, how: isJsonObject(payload) ? { kind: "result", payload } : { kind: "error" } };
}

export function giveUpAnswer(turn: Turn): EndedCall | null {
  const { outstanding } = turn.state;
  turn.change({ outstanding: null });
  return outstanding && { call: outstanding, how: { kind: "silent" } };
}

/** Sends the next CALL if none is outstanding (OCPP 2.0.1 part 4 §4.1.1). */
export function sendNext(turn: Turn): void {
  const { link, outstanding } = turn.state;
  if (link !== "up" || outstanding) return;
  const next = takeNext(turn);
  if (!next) return;
  const id = turn.around.messageId();
  turn.change({ outstanding: { ...next, id } });
  turn.emit({ kind: "send", text: encodeCall(id, next.action, next.payload) });
  turn.setTimer("answer", messageTimeoutMs(turn));
}

/** Next CALL: the backlog first, except that BootNotification and triggered messages precede it. */
function takeNext(turn: Turn): CallPlan | null {
  const { queue, memory, registration, isBacklogPaused } = turn.state;
  const [next, ...rest] = queue;
  const [oldest] = memory.backlog;
  const isUrgent = next && (next.triggered || next.action === "BootNotification");
  if (oldest && registration === "accepted" && !isBacklogPaused && !isUrgent) {
    const payload = turn.dialect.addressed(turn, oldest);
    return { action: oldest.action, payload, triggered: false, connectorId: null, isBacklog: true };
  }
  if (next) turn.change({ queue: rest });
  return next ?? null;
}

/**
 * Whether the station may send a CALL: before acceptance only BootNotification and triggered messages (OCPP 1.6 §4.2,
 * 2.x B02, B03).
 */
function maySend(turn: Turn, plan: CallPlan): boolean {
  const { registration } = turn.state;
  if (registration === "accepted" || plan.action === "BootNotification") return true;
  return plan.triggered && registration !== "rejected";
}

function messageTimeoutMs(turn: Turn): number {
  return settingNumber(turn.state, "MessageTimeout") * 1_000;
}
