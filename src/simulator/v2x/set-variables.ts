import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import { incomplete } from "../inbound.ts";
import { listOf, textOf } from "../read.ts";
import { setValue } from "../settings.ts";
import type { Turn, InboundHandler } from "../turn.ts";
import { findVariable, type Variable } from "./variable.ts";

interface Write {
  readonly found: Variable;
  readonly value: string;
  readonly attributeType: string | undefined;
}

/** Reads the whole request before it writes anything. */
export const setVariables: InboundHandler = (turn, payload) => {
  const writes: Write[] = [];
  for (const entry of listOf(payload, "setVariableData") ?? []) {
    const write = isJsonObject(entry) ? readWrite(turn, entry) : null;
    if (!write) return incomplete(payload, "setVariableData", "array");
    writes.push(write);
  }
  if (writes.length === 0) return incomplete(payload, "setVariableData", "array");
  return { result: { setVariableResult: writes.map((write) => apply(turn, write)) } };
};

function readWrite(turn: Turn, entry: JsonObject): Write | null {
  const found = findVariable(turn, entry);
  const value = textOf(entry, "attributeValue");
  return found && value !== undefined
    ? { found, value, attributeType: textOf(entry, "attributeType") }
    : null;
}

function apply(turn: Turn, { found, value, attributeType }: Write): JsonObject {
  const { component, variable } = found;
  const attributeStatus = found.kind === "known" ? setValue(turn, found.setting, value) : found.kind;
  return { attributeStatus, component, variable, ...(attributeType !== undefined && { attributeType }) };
}
