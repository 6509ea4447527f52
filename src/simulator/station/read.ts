import { isJsonObject, type JsonObject, type JsonValue } from "../../ocpp/json.ts";

/** Readers for payload fields: a field of another type counts as absent. */
export function textOf(payload: JsonObject, field: string): string | undefined {
  const value = payload[field];
  return typeof value === "string" ? value : undefined;
}

export function integerOf(payload: JsonObject, field: string): number | undefined {
  const value = payload[field];
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

export function objectOf(payload: JsonObject, field: string): JsonObject | undefined {
  const value = payload[field];
  return isJsonObject(value) ? value : undefined;
}

export function listOf(payload: JsonObject, field: string): JsonValue[] | undefined {
  const value = payload[field];
  return Array.isArray(value) ? value : undefined;
}

export function numberOf(payload: JsonObject, field: string): number | undefined {
  const value = payload[field];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function flagOf(payload: JsonObject, field: string): boolean | undefined {
  const value = payload[field];
  return typeof value === "boolean" ? value : undefined;
}

/** Epoch ms of a date-time field. */
export function timeOf(payload: JsonObject, field: string): number | undefined {
  const atMs = Date.parse(textOf(payload, field) ?? "");
  return Number.isNaN(atMs) ? undefined : atMs;
}
