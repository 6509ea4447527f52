import { encodeError, encodeResult, type CallFrame } from "../ocpp/frame.ts";
import type { JsonObject } from "../ocpp/json.ts";
import { hangUp, redialLater } from "./line.ts";
import { textOf } from "./read.ts";
import type { Turn } from "./turn.ts";

/** What goes wrong with the next CALL: it is refused, answered with a CALLERROR, not at all, or the line drops. */
export type Rehearsal = "Refused" | "CallError" | "Silence" | "Drop";

const MESSAGE = "Rehearse";
const KNOWN: readonly Rehearsal[] = ["Refused", "CallError", "Silence", "Drop"];

const REJECTED: JsonObject = { status: "Rejected" };
/** How a station says no. A 1.6 station without a log to upload names no file. */
const REFUSALS: ReadonlyMap<string, JsonObject> = new Map([
  ["ChangeAvailability", REJECTED],
  ["ChangeConfiguration", REJECTED],
  ["ClearCache", REJECTED],
  ["GetDiagnostics", {}],
  ["GetLog", REJECTED],
  ["Reset", REJECTED],
  ["TriggerMessage", REJECTED],
  ["UnlockConnector", { status: "UnlockFailed" }],
  ["UpdateFirmware", REJECTED],
]);

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
export function rehearse(turn: Turn, { id, action }: CallFrame): boolean {
  const { rehearsal } = turn.state;
  if (rehearsal === null) return false;
  turn.change({ rehearsal: null });
  if (rehearsal === "Refused") turn.emit({ kind: "send", text: refusal(turn, id, action) });
  if (rehearsal === "CallError")
    turn.emit({ kind: "send", text: encodeError(id, "InternalError", "As rehearsed", turn.version) });
  if (rehearsal === "Drop") {
    hangUp(turn, "as rehearsed");
    redialLater(turn);
  }
  return true;
}

/** The answer to UpdateFirmware has no words in 1.6, and those of other actions say no in parts: these are not supported. */
function refusal(turn: Turn, id: string, action: string): string {
  const isWordless = action === "UpdateFirmware" && turn.version === "ocpp1.6";
  const answer = isWordless ? undefined : REFUSALS.get(action);
  return answer ? encodeResult(id, answer) : encodeError(id, "NotSupported", "As rehearsed", turn.version);
}
