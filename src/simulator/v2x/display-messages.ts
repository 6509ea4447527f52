import type { JsonObject } from "../../ocpp/json.ts";
import { call } from "../line/calls.ts";
import { incomplete } from "../line/inbound.ts";
import { integerOf, listOf, objectOf, textOf, timeOf } from "../station/read.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";

/** Most messages that a station keeps. */
const MESSAGES_MAX = 20;
const ROWS_PER_PART = 5;
const FORMATS = ["ASCII", "UTF8"];
/** At most one message of this priority is shown: a new one replaces it. */
const SINGLE = "AlwaysFront";

/** SetDisplayMessage (O01, O02, O06): a message of the same id is replaced. */
export const setDisplayMessage: InboundHandler = (turn, payload) => {
  const message = objectOf(payload, "message");
  if (!message) return incomplete(payload, "message", "object");
  const id = integerOf(message, "id");
  if (id === undefined) return incomplete(message, "id", "integer");
  const format = textOf(objectOf(message, "message") ?? {}, "format") ?? "";
  if (!FORMATS.includes(format)) return { result: { status: "NotSupportedMessageFormat" } };
  const transactionId = textOf(message, "transactionId");
  if (transactionId !== undefined && !isRunning(turn, transactionId))
    return { result: { status: "UnknownTransaction" } };
  const priority = textOf(message, "priority");
  const others = messagesOf(turn).filter(
    (other) => other["id"] !== id && (priority !== SINGLE || other["priority"] !== SINGLE),
  );
  if (others.length >= MESSAGES_MAX) return { result: { status: "Rejected" } };
  turn.remember({ displayMessages: [...others, message] });
  return { result: { status: "Accepted" } };
};

/** GetDisplayMessages (O03, O04). */
export const getDisplayMessages: InboundHandler = (turn, payload) => {
  const requestId = integerOf(payload, "requestId");
  if (requestId === undefined) return incomplete(payload, "requestId", "integer");
  const ids = listOf(payload, "id");
  const isMeant = (message: JsonObject) =>
    (ids?.includes(message["id"] ?? null) ?? true) &&
    ["priority", "state"].every((field) => (textOf(payload, field) ?? message[field]) === message[field]);
  const found = messagesOf(turn).filter(isMeant);
  if (found.length === 0) return { result: { status: "Unknown" } };
  return { result: { status: "Accepted" }, after: (answered) => report(answered, requestId, found) };
};

function report(turn: Turn, requestId: number, messages: readonly JsonObject[]): void {
  for (let from = 0; from < messages.length; from += ROWS_PER_PART) {
    const tbc = from + ROWS_PER_PART < messages.length;
    const messageInfo = messages.slice(from, from + ROWS_PER_PART);
    call(turn, "NotifyDisplayMessages", { requestId, tbc, messageInfo }, { triggered: true });
  }
}

/** ClearDisplayMessage (O05). */
export const clearDisplayMessage: InboundHandler = (turn, payload) => {
  const id = integerOf(payload, "id");
  if (id === undefined) return incomplete(payload, "id", "integer");
  const all = messagesOf(turn);
  const others = all.filter((message) => message["id"] !== id);
  if (others.length === all.length) return { result: { status: "Unknown" } };
  turn.remember({ displayMessages: others });
  return { result: { status: "Accepted" } };
};

/** Messages whose time and transaction have not ended: a station drops the others. */
function messagesOf(turn: Turn): readonly JsonObject[] {
  return turn.state.memory.displayMessages.filter((message) => {
    const transactionId = textOf(message, "transactionId");
    const isOver = (timeOf(message, "endDateTime") ?? Infinity) <= turn.around.nowMs;
    return !isOver && (transactionId === undefined || isRunning(turn, transactionId));
  });
}

function isRunning(turn: Turn, transactionId: string): boolean {
  const { charges } = turn.state.memory;
  return Object.values(charges).some(({ stage, id }) => stage === "charging" && id === transactionId);
}
