import type { KeyLimits } from "./charger-command.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { optionalObjects, optionalText } from "./payload.ts";
import {
  actualAttribute,
  formatVariableKey,
  readVariable,
  type VariableAddress,
} from "./v2x/variable-key.ts";

/** Limit of a station that was asked and reported none. */
export const NO_LIMIT = 10_000;

const itemsPerMessage = (variableInstance: string): VariableAddress => ({
  component: "DeviceDataCtrlr",
  componentInstance: null,
  evseId: null,
  connectorId: null,
  variable: "ItemsPerMessage",
  variableInstance,
});
export const LIMIT_VARIABLES: Readonly<Record<keyof KeyLimits, VariableAddress>> = {
  readKeysMax: itemsPerMessage("GetVariables"),
  writeKeysMax: itemsPerMessage("SetVariables"),
};
const READ_LIMIT_KEY = formatVariableKey(LIMIT_VARIABLES.readKeysMax);
const WRITE_LIMIT_KEY = formatVariableKey(LIMIT_VARIABLES.writeKeysMax);
const READ_LIMIT_KEY_16 = "GetConfigurationMaxKeys";

/**
 * Limits in the answer to a CALL; empty for most CALLs. A limit that was asked for and is missing becomes `NO_LIMIT`.
 */
export function limitsTold(action: string, asked: JsonObject, answer: JsonValue): Partial<KeyLimits> {
  if (!isJsonObject(answer)) return {};
  if (action === "GetVariables") {
    const wanted = limitsOf(optionalObjects(asked, "getVariableData"), () => null);
    return { ...wanted, ...limitsOf(optionalObjects(answer, "getVariableResult"), valueRead) };
  }
  if (action !== "GetConfiguration") return {};
  const told = optionalObjects(answer, "configurationKey").find(({ key }) => key === READ_LIMIT_KEY_16);
  return told ? { readKeysMax: limit(optionalText(told, "value")) } : {};
}

/** Limits in the rows of a NotifyReport. */
export function limitsReported(rows: readonly JsonObject[]): Partial<KeyLimits> {
  return limitsOf(rows, (row) => {
    const actual = actualAttribute(row);
    return actual ? optionalText(actual, "value") : null;
  });
}

function limitsOf(
  rows: readonly JsonObject[],
  valueOf: (row: JsonObject) => string | null,
): Partial<KeyLimits> {
  const limits: Partial<Record<keyof KeyLimits, number>> = {};
  for (const row of rows) {
    const address = readVariable(row);
    const key = address && formatVariableKey(address);
    if (key === READ_LIMIT_KEY) limits.readKeysMax = limit(valueOf(row));
    if (key === WRITE_LIMIT_KEY) limits.writeKeysMax = limit(valueOf(row));
  }
  return limits;
}

function valueRead(row: JsonObject): string | null {
  return row.attributeStatus === "Accepted" ? optionalText(row, "attributeValue") : null;
}

function limit(value: string | null): number {
  return value !== null && /^[1-9]\d{0,3}$/.test(value) ? Number(value) : NO_LIMIT;
}
