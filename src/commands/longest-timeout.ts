import type { CommandTimeout } from "../ports.ts";

/** The most a command may take on any connection, in milliseconds. */
export function longestTimeout(timeout: CommandTimeout): number {
  return typeof timeout === "number" ? timeout : Math.max(...Object.values(timeout));
}
