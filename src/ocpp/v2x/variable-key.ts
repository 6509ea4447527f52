import { compact } from "../command-script.ts";
import type { JsonObject } from "../json.ts";
import { optionalInteger, optionalObject, optionalObjects, optionalText } from "../payload.ts";

/** Address of a variable of the 2.x device model. */
export interface VariableAddress {
  readonly component: string;
  readonly componentInstance: string | null;
  readonly evseId: number | null;
  readonly connectorId: number | null;
  readonly variable: string;
  readonly variableInstance: string | null;
}

const KEY =
  /^(?<component>[^.[\]#]+)(?:\[(?<componentInstance>[^\]]*)\])?(?:#(?<evse>\d{1,9})(?:\/(?<connector>\d{1,9}))?)?\.(?<variable>[^.[\]#]+)(?:\[(?<variableInstance>[^\]]*)\])?$/;

/** Parses `Component[instance]#evse/connector.Variable[instance]`; null: another form. */
export function parseVariableKey(key: string): VariableAddress | null {
  const found = KEY.exec(key)?.groups;
  if (!found?.component || !found.variable) return null;
  return {
    component: found.component,
    componentInstance: found.componentInstance ?? null,
    evseId: found.evse === undefined ? null : Number(found.evse),
    connectorId: found.connector === undefined ? null : Number(found.connector),
    variable: found.variable,
    variableInstance: found.variableInstance ?? null,
  };
}

/** Text of an address; the inverse of `parseVariableKey`. */
export function formatVariableKey(address: VariableAddress): string {
  const bracket = (text: string | null) => (text === null ? "" : `[${text}]`);
  const connector = address.connectorId === null ? "" : `/${address.connectorId}`;
  const evse = address.evseId === null ? "" : `#${address.evseId}${connector}`;
  const component = `${address.component}${bracket(address.componentInstance)}${evse}`;
  return `${component}.${address.variable}${bracket(address.variableInstance)}`;
}

/** `{component, variable}` as GetVariables and SetVariables have them. */
export function encodeVariable(address: VariableAddress): { component: JsonObject; variable: JsonObject } {
  const { componentInstance, variableInstance, evseId, connectorId } = address;
  const evse = evseId === null ? undefined : compact({ id: evseId, connectorId: connectorId ?? undefined });
  return {
    component: compact({ name: address.component, instance: componentInstance ?? undefined, evse }),
    variable: compact({ name: address.variable, instance: variableInstance ?? undefined }),
  };
}

/** Address in a result or report row; null: none. */
export function readVariable(row: JsonObject): VariableAddress | null {
  const component = optionalObject(row, "component");
  const variable = optionalObject(row, "variable");
  const componentName = component && optionalText(component, "name");
  const variableName = variable && optionalText(variable, "name");
  if (!componentName || !variableName) return null;
  const evse = optionalObject(component, "evse");
  return {
    component: componentName,
    componentInstance: optionalText(component, "instance"),
    evseId: evse && optionalInteger(evse, "id"),
    connectorId: evse && optionalInteger(evse, "connectorId"),
    variable: variableName,
    variableInstance: optionalText(variable, "instance"),
  };
}

/** Attribute of a reported variable with its actual value; null: none. */
export function actualAttribute(row: JsonObject): JsonObject | null {
  const attributes = optionalObjects(row, "variableAttribute");
  return attributes.find(({ type }) => (type ?? "Actual") === "Actual") ?? null;
}
