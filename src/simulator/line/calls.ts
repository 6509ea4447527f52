import type { JsonObject, JsonValue } from "../../ocpp/json.ts";
import { isJsonObject } from "../../ocpp/json.ts";
import { encodeCall } from "../../ocpp/frame.ts";
import { settingNumber } from "../station/setting-value.ts";
import type { CallPlan, OutstandingCall } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";

const QUEUE_LENGTH_MAX = 64;

/** What came back for a CALL of ours. */
export type CallEnd =
  | { readonly kind: "result"; readonly payload: JsonObject }
  | { readonly kind: "error" }
  | { readonly kind: "silent" };

export interface EndedCall {
  readonly call: OutstandingCall;
  readonly how: CallEnd;
}

/** Queues a CALL, or drops it when the station may not speak now. */
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

/** A socket that is gone takes its CALLs with it; what matters is reported anew on the next one. */
export function dropCalls(turn: Turn): void {
  if (turn.state.outstanding) turn.clearTimer("answer");
  turn.change({ outstanding: null, queue: [] });
}

/** Only the answer to the CALL outstanding on this socket counts; anything else is late or made up. */
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

/** One CALL at a time (OCPP 2.0.1 part 4, 4.1.1). */
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

/** What happened earlier is told first, but for a boot and for what the central system asked for. */
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

/** Before acceptance only BootNotification and what the central system asked for (OCPP 1.6 4.2, 2.x B02, B03). */
function maySend(turn: Turn, plan: CallPlan): boolean {
  const { registration } = turn.state;
  if (registration === "accepted" || plan.action === "BootNotification") return true;
  return plan.triggered && registration !== "rejected";
}

function messageTimeoutMs(turn: Turn): number {
  return settingNumber(turn.state, "MessageTimeout") * 1_000;
}
