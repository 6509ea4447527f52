import type { JsonObject } from "../../ocpp/json.ts";
import { objectOf, textOf } from "../read.ts";
import { SETTINGS } from "../setting-table.ts";
import type { Setting } from "../settings.ts";

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
export function findVariable(entry: JsonObject): Variable | null {
  const component = objectOf(entry, "component");
  const variable = objectOf(entry, "variable");
  const componentName = component && textOf(component, "name")?.toLowerCase();
  const variableName = variable && textOf(variable, "name")?.toLowerCase();
  if (!component || !variable || componentName === undefined || variableName === undefined) return null;
  const instance = textOf(variable, "instance")?.toLowerCase();
  const ofComponent = SETTINGS.filter(({ path2x }) => path2x?.component.toLowerCase() === componentName);
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
