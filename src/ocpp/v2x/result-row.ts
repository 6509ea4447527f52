import type { JsonObject } from "../json.ts";
import { formatVariableKey, readVariable, type VariableAddress } from "./variable-key.ts";

/**
 * The rows of a GetVariables or SetVariables result in the order of what was asked. Some stations repeat the address
 * without its instance or EVSE: a row that answers nothing by name is taken by its place, if every item has one.
 */
export function rowsInOrder(
  asked: readonly VariableAddress[],
  rows: readonly JsonObject[],
): (JsonObject | null)[] {
  const names = new Map(rows.map((row) => [nameOf(row), row]));
  const wanted = new Set(asked.map(variableName));
  return asked.map((address, index) => {
    const named = names.get(variableName(address));
    if (named) return named;
    const placed = rows.length === asked.length ? rows[index] : undefined;
    return placed && !wanted.has(nameOf(placed) ?? "") ? placed : null;
  });
}

/** Names compare case-insensitively in the device model. */
export function variableName(address: VariableAddress): string {
  return formatVariableKey(address).toLowerCase();
}

function nameOf(row: JsonObject): string | null {
  const address = readVariable(row);
  return address && variableName(address);
}
