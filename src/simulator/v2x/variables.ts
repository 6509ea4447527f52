import { isJsonObject, type JsonObject } from "../../ocpp/json.ts";
import { statusWord } from "../charging/connectors.ts";
import { incomplete } from "../line/inbound.ts";
import { integerOf, listOf, objectOf, textOf } from "../station/read.ts";
import { SETTINGS } from "../device-model/setting-table.ts";
import { live, type Setting, setValue, valueOf, type VariablePath } from "../device-model/settings.ts";
import { type StationState, statusOf } from "../station/state.ts";
import type { InboundHandler, Turn } from "../station/turn.ts";

/** All variables of the station's device model: its settings, and properties of the station and its EVSEs. */
export function variablesOf(turn: Turn): Setting[] {
  const isKnown = (each: Setting) => each.path2x !== null && (!each.isOnly21 || turn.version === "ocpp2.1");
  const { profile } = turn.state;
  const evses = Array.from({ length: profile.connectors }, (_, index) => evseVariables(index + 1));
  return [...SETTINGS.filter(isKnown), ...STATION, ...evses.flat()];
}

const readOnly = (path2x: VariablePath, value: Setting["value"], isOption = false): Setting => ({
  ...live(null, value, isOption ? { type: "OptionList" } : {}),
  path2x,
});

const STATION: readonly Setting[] = [
  readOnly({ component: "ChargingStation", variable: "Model" }, ({ profile }) => profile.model.slice(0, 20)),
  readOnly({ component: "ChargingStation", variable: "VendorName" }, ({ profile }) =>
    profile.vendor.slice(0, 50),
  ),
  readOnly({ component: "ChargingStation", variable: "SerialNumber" }, ({ profile }) => profile.serialNumber),
  readOnly(
    { component: "ChargingStation", variable: "AvailabilityState" },
    ({ memory }) => (memory.inoperative.includes(0) ? "Unavailable" : "Available"),
    true,
  ),
];

function evseVariables(id: number): Setting[] {
  const state = ({ profile, memory }: StationState) => statusWord(profile.version, statusOf(memory, id));
  return [
    readOnly({ component: "EVSE", evse: { id }, variable: "AvailabilityState" }, state, true),
    readOnly(
      { component: "Connector", evse: { id, connectorId: 1 }, variable: "AvailabilityState" },
      state,
      true,
    ),
  ];
}

/** Variable of an entry of GetVariables or SetVariables. */
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

/** Finds the variable of an entry; null: it has no component or variable name. */
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

/** Whether two names are equal, case-insensitively; two missing names are equal. */
export function isSame(one: string | undefined, other: string | undefined): boolean {
  return one?.toLowerCase() === other?.toLowerCase();
}

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

/** Reads one variable; a write-only one is Rejected (B06.FR.09). */
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

interface Write {
  readonly found: Variable;
  readonly value: string;
  readonly attributeType: string | undefined;
}

/** SetVariables. The whole request is validated before anything is written. */
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
