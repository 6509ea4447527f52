import actions from "./sendable-actions.json" with { type: "json" };
import type { OcppVersion } from "./version.ts";

/** Actions that a central system may send, by version: 1.6 with its security extension, 2.0.1 and 2.1. */
export const SENDABLE_ACTIONS: Readonly<Record<OcppVersion, readonly string[]>> = actions;

/** Whether a central system may send this action to a station of this version. */
export function isSendable(version: OcppVersion, action: string): boolean {
  return SENDABLE_ACTIONS[version].includes(action);
}
