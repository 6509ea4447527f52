import type { ErrorCode } from "../../ocpp/error-code.ts";
import { type CallFrame, encodeError, encodeResult } from "../../ocpp/frame.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../ocpp/json.ts";
import { isKnownAction } from "../station/known-actions.ts";
import { textOf } from "../station/read.ts";
import { arrangeRehearsal, asksForRehearsal, rehearse } from "./rehearsal.ts";
import type { Answer, InboundHandler, Turn } from "../station/turn.ts";

/** Handles a CALL of the central system. It gets exactly one answer, unless a fault is rehearsed. */
export function answerCall(turn: Turn, frame: CallFrame): void {
  if (rehearse(turn, frame)) return;
  const answer = decide(turn, frame);
  if ("error" in answer) {
    const text = encodeError(frame.id, answer.error, answer.description ?? "", turn.version);
    turn.emit({ kind: "send", text });
    return;
  }
  turn.emit({ kind: "send", text: encodeResult(frame.id, answer.result) });
  answer.after?.(turn);
}

function decide(turn: Turn, frame: CallFrame): Answer {
  // A rejected station answers every CALL with an error (2.x B03.FR.07, OCPP 1.6 §4.2).
  if (turn.state.registration === "rejected") return { error: "SecurityError" };
  // The dialect of 2.x has actions that 2.0.1 does not define.
  if (!isKnownAction(turn.version, frame.action)) return { error: "NotImplemented" };
  const { actions } = turn.dialect;
  const handler = Object.hasOwn(actions, frame.action) ? actions[frame.action] : undefined;
  return handler ? handler(turn, frame.payload) : { error: "NotSupported" };
}

type Wanted = "string" | "integer" | "object" | "array";

const IS_OF: Readonly<Record<Wanted, (value: JsonValue) => boolean>> = {
  string: (value) => typeof value === "string",
  integer: Number.isInteger,
  object: isJsonObject,
  array: Array.isArray,
};

/** CALLERROR for a field that is absent (or a list too short), of another JSON type, or has an invalid value. */
export function incomplete(payload: JsonObject, field: string, wanted: Wanted = "string"): Answer {
  const value = payload[field];
  return {
    error: value === undefined ? "OccurrenceConstraintViolation" : codeOf(value, wanted),
    description: field,
  };
}

function codeOf(value: JsonValue, wanted: Wanted): ErrorCode {
  if (!IS_OF[wanted](value)) return "TypeConstraintViolation";
  return wanted === "array" ? "OccurrenceConstraintViolation" : "PropertyConstraintViolation";
}

/** Vendor id that a simulated station accepts. It returns the data, except for the message that rehearses a fault. */
const VENDOR = "Busbar";

export const dataTransfer: InboundHandler = (turn, payload) => {
  const vendorId = textOf(payload, "vendorId");
  if (vendorId === undefined) return incomplete(payload, "vendorId");
  if (vendorId.toLowerCase() !== VENDOR.toLowerCase()) return { result: { status: "UnknownVendorId" } };
  if (asksForRehearsal(payload) && !arrangeRehearsal(turn, payload))
    return { result: { status: "Rejected" } };
  const { data } = payload;
  return { result: { status: "Accepted", ...(data !== undefined && { data }) } };
};
