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

/** Null when the entry has no component or variable name. */
export function findVariable(turn: Turn, entry: JsonObject): Variable | null {
  const component = objectOf(entry, "component");
  const variable = objectOf(entry, "variable");
  if (!component || !variable || !textOf(component, "name")) return null;
  if (textOf(variable, "name") === undefined) return null;
  const ofComponent = variablesOf(turn).filter(({ path2x }) => path2x && isComponent(path2x, component));
  if (ofComponent.length === 0) return { kind: "UnknownComponent", component, variable };
  const setting = ofComponent.find(
    ({ path2x }) =>
      path2x &&
      isSame(path2x.variable, textOf(variable, "name")) &&
      isSame(path2x.instance, textOf(variable, "instance")),
  );
  if (!setting) return { kind: "UnknownVariable", component, variable };
  const isActual = (textOf(entry, "attributeType") ?? "Actual") === "Actual";
  if (!isActual) return { kind: "NotSupportedAttributeType", component, variable };
  return { kind: "known", setting, component, variable };
}

function isComponent(path: VariablePath, component: JsonObject): boolean {
  const evse = objectOf(component, "evse") ?? {};
  return (
    isSame(path.component, textOf(component, "name")) &&
    path.evse?.id === integerOf(evse, "id") &&
    path.evse?.connectorId === integerOf(evse, "connectorId")
  );
}

/** Names are compared without regard to case; none is the same as none. */
export function isSame(one: string | undefined, other: string | undefined): boolean {
  return one?.toLowerCase() === other?.toLowerCase();
}
