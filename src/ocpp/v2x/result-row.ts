import type { JsonObject } from "../json.ts";
import { formatVariableKey, readVariable, type VariableAddress } from "./variable-key.ts";

/**
 * Rows of a GetVariables or SetVariables result in the order of the request. Some stations omit instance or EVSE: a
 * row that matches no item by name is matched by its position, if there is one row per item.
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

/** Key for comparing variables, in lower case, because names of the device model are case-insensitive. */
export function variableName(address: VariableAddress): string {
  return formatVariableKey(address).toLowerCase();
}

function nameOf(row: JsonObject): string | null {
  const address = readVariable(row);
  return address && variableName(address);
}
