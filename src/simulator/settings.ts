import type { StationState } from "./state.ts";
import type { Turn } from "./turn.ts";

/** One setting of a station under its 1.6 name and its 2.x component and variable; a missing name: not in that version. */
export interface Setting {
  /** Also the name under which a change is remembered. */
  readonly name: string;
  readonly key16: string | null;
  readonly path2x: {
    readonly component: string;
    readonly variable: string;
    readonly instance?: string;
  } | null;
  /** The default, or for what is `live` the value itself. */
  readonly value: (state: StationState) => string;
  /** Kept by `apply` and not among the remembered settings. */
  readonly live?: boolean;
  readonly access: "read" | "readWrite" | "write";
  readonly accepts?: (text: string) => boolean;
  readonly needsReboot?: boolean;
  readonly apply?: (turn: Turn, text: string) => void;
}

export type SetOutcome = "Accepted" | "Rejected" | "RebootRequired";

export function valueOf(turn: Turn, setting: Setting): string {
  return turn.state.memory.configuration[setting.name] ?? setting.value(turn.state);
}

/** Stores a new value durably; what it changes at once happens in the same step. */
export function setValue(turn: Turn, setting: Setting, text: string): SetOutcome {
  if (setting.access === "read" || setting.accepts?.(text) === false) return "Rejected";
  if (setting.access === "readWrite" && !setting.live) remember(turn, setting, text);
  setting.apply?.(turn, text);
  return setting.needsReboot ? "RebootRequired" : "Accepted";
}

function remember(turn: Turn, setting: Setting, text: string): void {
  const { memory } = turn.state;
  if (valueOf(turn, setting) === text) return;
  turn.change({ memory: { ...memory, configuration: { ...memory.configuration, [setting.name]: text } } });
  turn.emit({ kind: "remember" });
}
