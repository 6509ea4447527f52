import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/**
 * A required field is missing or has the wrong JSON type; becomes a CALLERROR. Lenient validation accepts payloads
 * that violate their schema in harmless places, so handlers read the fields they require with the functions below.
 */
export class PayloadProblem extends Error {
  readonly keyword: "required" | "type";
  readonly pointer: string;

  constructor(keyword: "required" | "type", field: string) {
    super(`${keyword} ${field}`);
    this.name = "PayloadProblem";
    this.keyword = keyword;
    this.pointer = `/${field}`;
  }
}

/** Required text, cut to `lengthMax` characters. @throws PayloadProblem */
export function needText(payload: JsonObject, field: string, lengthMax = Infinity): string {
  const value = needed(payload, field);
  if (typeof value !== "string") throw new PayloadProblem("type", field);
  return cut(value, lengthMax);
}

export function needInteger(payload: JsonObject, field: string): number {
  const value = needed(payload, field);
  if (typeof value !== "number" || !Number.isInteger(value)) throw new PayloadProblem("type", field);
  return value;
}

export function needObject(payload: JsonObject, field: string): JsonObject {
  const value = needed(payload, field);
  if (!isJsonObject(value)) throw new PayloadProblem("type", field);
  return value;
}

/** Required list of objects; entries that are not objects are dropped. @throws PayloadProblem */
export function needObjects(payload: JsonObject, field: string): JsonObject[] {
  const value = needed(payload, field);
  if (!Array.isArray(value)) throw new PayloadProblem("type", field);
  return value.filter(isJsonObject);
}

/**
 * Optional text, cut to `lengthMax` characters; null: absent or not a text. A wrong type of an optional field is not
 * an error.
 */
export function optionalText(payload: JsonObject, field: string, lengthMax = Infinity): string | null {
  const value = payload[field];
  return typeof value === "string" ? cut(value, lengthMax) : null;
}

export function optionalInteger(payload: JsonObject, field: string): number | null {
  const value = payload[field];
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}

export function optionalNumber(payload: JsonObject, field: string): number | null {
  const value = payload[field];
  return typeof value === "number" ? value : null;
}

export function optionalObject(payload: JsonObject, field: string): JsonObject | null {
  const value = payload[field];
  return isJsonObject(value) ? value : null;
}

export function optionalObjects(payload: JsonObject, field: string): JsonObject[] {
  const value = payload[field];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Cuts a text without leaving half of a surrogate pair. */
function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : text.slice(0, lengthMax).toWellFormed();
}

function needed(payload: JsonObject, field: string): JsonValue {
  const value = payload[field];
  if (value === undefined || value === null) throw new PayloadProblem("required", field);
  return value;
}
