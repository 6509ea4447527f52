import { spell, type ErrorCode } from "./error-code.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import type { OcppVersion } from "./version.ts";

/** CALL. */
export interface CallFrame {
  readonly kind: "call";
  readonly id: string;
  readonly action: string;
  readonly payload: JsonObject;
}
/** The payload is any JSON the station sent; if it is not an object, the call ends with an invalid answer. */
export interface ResultFrame {
  readonly kind: "result";
  readonly id: string;
  readonly payload: JsonValue;
}
/** CALLERROR. */
export interface ErrorFrame {
  readonly kind: "error";
  readonly id: string;
  readonly code: string;
  readonly description: string;
  readonly details: JsonValue;
}
/** OCPP 2.1 CALLRESULTERROR: the station could not use our CALLRESULT. */
export interface ResultErrorFrame {
  readonly kind: "resultError";
  readonly id: string;
  readonly code: string;
  readonly description: string;
  readonly details: JsonValue;
}
/** OCPP 2.1 SEND: a message that is never answered. */
export interface SendFrame {
  readonly kind: "send";
  readonly id: string;
  readonly action: string;
  readonly payload: JsonObject;
}
/**
 * A frame that is not a valid message. `reply`: CALLERROR to send; null: it must not be answered. `counted` false: a
 * message type that the version says to ignore, which does not count as an error of the station.
 */
export interface MalformedFrame {
  readonly kind: "malformed";
  readonly reply: string | null;
  readonly counted: boolean;
}
/** Any frame of a station. */
export type ParsedFrame =
  | CallFrame
  | ResultFrame
  | ErrorFrame
  | ResultErrorFrame
  | SendFrame
  | MalformedFrame;

const CALL = 2;
const RESULT = 3;
const ERROR = 4;
const RESULT_ERROR = 5;
const SEND = 6;

/** Message id of the answer to a frame whose id cannot be read (OCPP 2.0.1 part 4 §4.2.3). */
const UNREADABLE_ID = "-1";
const ID_LENGTH_MAX = 36;
const DESCRIPTION_LENGTH_MAX = 255;
const DEPTH_MAX = 32;
/** Character that replaces invalid UTF-8. */
const REPLACEMENT = "\uFFFD";

/** Parses one text frame. The caller has checked its length. */
export function parseFrame(text: string, version: OcppVersion): ParsedFrame {
  const frame = readArray(text);
  if (!frame) return refuse(UNREADABLE_ID, "RpcFrameworkError", version);
  const [type, id] = frame;
  switch (type) {
    case CALL:
      return readCall(frame, version);
    case RESULT:
      return frame.length === 3 && isId(id)
        ? { kind: "result", id, payload: frame[2] ?? {} }
        : unanswered(true);
    case ERROR:
      return readError("error", frame);
    case RESULT_ERROR:
      return version === "ocpp2.1" ? readError("resultError", frame) : readUnknown(id, version);
    case SEND:
      return version === "ocpp2.1" ? readSend(frame) : readUnknown(id, version);
    default:
      return typeof type === "number"
        ? readUnknown(id, version)
        : refuse(UNREADABLE_ID, "RpcFrameworkError", version);
  }
}

export function encodeCall(id: string, action: string, payload: JsonObject): string {
  return JSON.stringify([CALL, id, action, payload]);
}

export function encodeResult(id: string, payload: JsonObject): string {
  return JSON.stringify([RESULT, id, payload]);
}

export function encodeError(id: string, code: ErrorCode, description: string, version: OcppVersion): string {
  return JSON.stringify([ERROR, id, spell(code, version), description.slice(0, DESCRIPTION_LENGTH_MAX), {}]);
}

/** Encodes a CALLRESULTERROR: the station's CALLRESULT was unusable. OCPP 2.1 only. */
export function encodeResultError(id: string, code: ErrorCode, description: string): string {
  return JSON.stringify([RESULT_ERROR, id, code, description.slice(0, DESCRIPTION_LENGTH_MAX), {}]);
}

function readArray(text: string): JsonValue[] | null {
  if (isTooDeep(text)) return null;
  try {
    const value: JsonValue = JSON.parse(text);
    return Array.isArray(value) && value.length > 0 ? value : null;
  } catch {
    return null;
  }
}

function readCall(frame: JsonValue[], version: OcppVersion): CallFrame | MalformedFrame {
  const [, id, action, body] = frame;
  if (!isId(id)) return refuse(UNREADABLE_ID, "RpcFrameworkError", version);
  if (frame.length !== 4 || typeof action !== "string") return refuse(id, "RpcFrameworkError", version);
  const payload = body ?? {};
  if (!isJsonObject(payload) || hasBrokenKey(payload)) return refuse(id, "FormatViolation", version);
  return { kind: "call", id, action, payload };
}

function readSend(frame: JsonValue[]): SendFrame | MalformedFrame {
  const [, id, action, body] = frame;
  const payload = body ?? {};
  if (frame.length !== 4 || !isId(id) || typeof action !== "string") return unanswered(true);
  if (!isJsonObject(payload) || hasBrokenKey(payload)) return unanswered(true);
  return { kind: "send", id, action, payload };
}

/** Some stations omit the details, or details and description. */
function readError<Kind extends "error" | "resultError">(kind: Kind, frame: JsonValue[]) {
  const [, id, code, description, details] = frame;
  if (frame.length < 3 || frame.length > 5 || !isId(id) || typeof code !== "string") return unanswered(true);
  const text = typeof description === "string" ? description : "";
  return { kind, id, code, description: text, details: details ?? {} };
}

/** A frame of unknown message type. OCPP 2.0.1 part 4 §4.4 requires an answer; 1.6 and 2.1 require none. */
function readUnknown(id: JsonValue | undefined, version: OcppVersion): MalformedFrame {
  if (version !== "ocpp2.0.1") return unanswered(false);
  return refuse(isId(id) ? id : UNREADABLE_ID, "MessageTypeNotSupported", version);
}

function refuse(id: string, code: ErrorCode, version: OcppVersion): MalformedFrame {
  return { kind: "malformed", reply: encodeError(id, code, "", version), counted: true };
}

function unanswered(counted: boolean): MalformedFrame {
  return { kind: "malformed", reply: null, counted };
}

function isId(id: JsonValue | undefined): id is string {
  return typeof id === "string" && id !== "" && id.length <= ID_LENGTH_MAX && !id.includes(REPLACEMENT);
}

function hasBrokenKey(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(hasBrokenKey);
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(([key, entry]) => key.includes(REPLACEMENT) || hasBrokenKey(entry));
}

/** Whether brackets are nested too deeply, checked in the text before it is parsed. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === 0x22) inString = !inString;
    else if (inString) index += character === 0x5c ? 1 : 0;
    else if (character === 0x5b || character === 0x7b) depth++;
    else if (character === 0x5d || character === 0x7d) depth--;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}
