import type { Turn } from "./turn.ts";

/** Wh on the meter of a connector, 0 for the main meter. Nothing has flowed yet. */
export function meterReading(_turn: Turn, _connectorId: number): number {
  return 0;
}
