import { encodeError, type CallFrame } from "../ocpp/frame.ts";
import type { JsonObject } from "../ocpp/json.ts";
import { hangUp, redialLater } from "./line.ts";
import { textOf } from "./read.ts";
import type { Turn } from "./turn.ts";

/** What goes wrong with the next CALL: it is answered with a CALLERROR, not at all, or the line drops. */
export type Rehearsal = "CallError" | "Silence" | "Drop";

const MESSAGE = "Rehearse";
const KNOWN: readonly Rehearsal[] = ["CallError", "Silence", "Drop"];

/** Whether a DataTransfer asks for a rehearsal. */
export function asksForRehearsal(payload: JsonObject): boolean {
  return textOf(payload, "messageId") === MESSAGE;
}

/** Arranges what was asked for. False: it is not known. */
export function arrangeRehearsal(turn: Turn, payload: JsonObject): boolean {
  const name = textOf(payload, "data");
  const rehearsal = KNOWN.find((known) => known === name);
  if (rehearsal) turn.change({ rehearsal });
  return rehearsal !== undefined;
}

/** Treats this CALL as was asked for. False: as any other. */
export function rehearse(turn: Turn, { id }: CallFrame): boolean {
  const { rehearsal } = turn.state;
  if (rehearsal === null) return false;
  turn.change({ rehearsal: null });
  if (rehearsal === "CallError")
    turn.emit({ kind: "send", text: encodeError(id, "InternalError", "As rehearsed", turn.version) });
  if (rehearsal === "Drop") {
    hangUp(turn, "as rehearsed");
    redialLater(turn);
  }
  return true;
}
