import type { JsonObject } from "../../ocpp/json.ts";
import { integerOf, objectOf, textOf } from "../read.ts";
import type { Setting, VariablePath } from "../settings.ts";
import type { Turn } from "../turn.ts";
import { variablesOf } from "./variables.ts";

/** What one entry of GetVariables or SetVariables points at. */
export type Variable =
  | {
      readonly kind: "known";
      readonly setting: Setting;
      readonly component: JsonObject;
      readonly variable: JsonObject;
    }
  | {
      readonly kind: "UnknownComponent" | "UnknownVariable" | "NotSupportedAttributeType";
      readonly component: JsonObject;
      readonly variable: JsonObject;
    };

/** Null when the entry has no component or variable name. Names are compared without regard to case. */
export function findVariable(turn: Turn, entry: JsonObject): Variable | null {
  const component = objectOf(entry, "component");
  const variable = objectOf(entry, "variable");
  const variableName = variable && textOf(variable, "name")?.toLowerCase();
  if (!component || !variable || !textOf(component, "name") || variableName === undefined) return null;
  const instance = textOf(variable, "instance")?.toLowerCase();
  const ofComponent = variablesOf(turn).filter(({ path2x }) => path2x && isComponent(path2x, component));
  if (ofComponent.length === 0) return { kind: "UnknownComponent", component, variable };
  const setting = ofComponent.find(
    ({ path2x }) =>
      path2x?.variable.toLowerCase() === variableName && path2x.instance?.toLowerCase() === instance,
  );
  if (!setting) return { kind: "UnknownVariable", component, variable };
  const isActual = (textOf(entry, "attributeType") ?? "Actual") === "Actual";
  if (!isActual) return { kind: "NotSupportedAttributeType", component, variable };
  return { kind: "known", setting, component, variable };
}

function isComponent(path: VariablePath, component: JsonObject): boolean {
  const evse = objectOf(component, "evse") ?? {};
  return (
    path.component.toLowerCase() === textOf(component, "name")?.toLowerCase() &&
    path.evse?.id === integerOf(evse, "id") &&
    path.evse?.connectorId === integerOf(evse, "connectorId")
  );
}
