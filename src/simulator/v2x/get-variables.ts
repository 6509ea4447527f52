import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import { incomplete } from "../inbound.ts";
import { listOf, textOf } from "../read.ts";
import { valueOf } from "../settings.ts";
import type { Turn, InboundHandler } from "../turn.ts";
import { findVariable } from "./variable.ts";

export const getVariables: InboundHandler = (turn, payload) => {
  const results: JsonObject[] = [];
  for (const entry of listOf(payload, "getVariableData") ?? []) {
    const result = isJsonObject(entry) ? read(turn, entry) : null;
    if (!result) return incomplete(payload, "getVariableData", "array");
    results.push(result);
  }
  return results.length > 0
    ? { result: { getVariableResult: results } }
    : incomplete(payload, "getVariableData", "array");
};

/** A write-only variable answers Rejected (B06.FR.09). */
function read(turn: Turn, entry: JsonObject): JsonObject | null {
  const found = findVariable(turn, entry);
  if (!found) return null;
  const { component, variable } = found;
  const attributeType = textOf(entry, "attributeType");
  const head = { component, variable, ...(attributeType !== undefined && { attributeType }) };
  if (found.kind !== "known") return { attributeStatus: found.kind, ...head };
  if (found.setting.access === "write") return { attributeStatus: "Rejected", ...head };
  return { attributeStatus: "Accepted", attributeValue: valueOf(turn, found.setting), ...head };
}
