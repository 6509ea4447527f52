import type { CommandTimeout } from "../ports.ts";

/** Longest deadline of a command over all OCPP versions, in ms. */
export function longestTimeout(timeout: CommandTimeout): number {
  return typeof timeout === "number" ? timeout : Math.max(...Object.values(timeout));
}
