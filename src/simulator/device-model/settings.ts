import type { StationState } from "../station/state.ts";
import type { Turn } from "../station/turn.ts";

/** Component and variable of the 2.x device model. */
export interface VariablePath {
  readonly component: string;
  /** EVSE and connector of the component; absent: the station. */
  readonly evse?: { readonly id: number; readonly connectorId?: number };
  readonly variable: string;
  readonly instance?: string;
}

/** A setting with its 1.6 key and its 2.x variable; a missing one: not in that version. */
export interface Setting {
  /** Also the name under which a changed value is stored. */
  readonly name: string;
  readonly key16: string | null;
  readonly path2x: VariablePath | null;
  /** Default value; of a `live` setting the current value. */
  readonly value: (state: StationState) => string;
  /** True: the value is stored by `apply`, not with the changed settings. */
  readonly live?: boolean;
  readonly access: "read" | "readWrite" | "write";
  /** Data type in a 2.x report; "string" when absent. */
  readonly type?: "boolean" | "integer" | "MemberList" | "OptionList";
  readonly maxLimit?: number;
  readonly isOnly21?: boolean;
  readonly accepts?: (text: string) => boolean;
  readonly needsReboot?: boolean;
  readonly apply?: (turn: Turn, text: string) => void;
}

export type SetOutcome = "Accepted" | "Rejected" | "RebootRequired";

type Details = Partial<Omit<Setting, "name" | "key16" | "path2x" | "value" | "access">>;

export function path(component: string, variable: string, instance?: string): VariablePath {
  return { component, variable, ...(instance !== undefined && { instance }) };
}

export function writable(name: string, path2x: VariablePath, value: string, details: Details): Setting {
  return { ...details, name, key16: name, path2x, value: () => value, access: "readWrite" };
}

export function fixed(
  key16: string | null,
  path2x: VariablePath | null,
  value: string,
  details: Details = {},
): Setting {
  return { ...details, name: key16 ?? "", key16, path2x, value: () => value, access: "read" };
}

export function live(key16: string | null, value: Setting["value"], details: Details): Setting {
  return { ...details, name: key16 ?? "", key16, path2x: null, value, access: "read", live: true };
}

export function valueOf(turn: Turn, setting: Setting): string {
  const changed = setting.access === "readWrite" && turn.state.memory.configuration[setting.name];
  return changed || setting.value(turn.state);
}

/** Stores a new value durably and applies it in the same step. */
export function setValue(turn: Turn, setting: Setting, text: string): SetOutcome {
  if (setting.access === "read" || setting.accepts?.(text) === false) return "Rejected";
  if (setting.access === "readWrite" && !setting.live) remember(turn, setting, text);
  setting.apply?.(turn, text);
  return setting.needsReboot ? "RebootRequired" : "Accepted";
}

function remember(turn: Turn, setting: Setting, text: string): void {
  if (valueOf(turn, setting) === text) return;
  turn.remember({ configuration: { ...turn.state.memory.configuration, [setting.name]: text } });
}
