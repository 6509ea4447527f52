import type { RawCall } from "./raw-station.ts";

/** A CALL that the station received. */
export interface TakenCall extends RawCall {
  /** Counted from 1. */
  connection: number;
  atMs: number;
  answeredAtMs: number | null;
}

/** Two CALLs that were open at once on one connection. */
export interface Overlap {
  earlier: string;
  later: string;
  earlierAgeMs: number;
}

/** How a station reacts to a CALL: it answers at once or later, does not answer, or loses its connection. */
export type Reply =
  | { kind: "answer"; payload: object; afterMs?: number }
  | { kind: "error"; code: string; afterMs?: number }
  | { kind: "silence" }
  | { kind: "drop" };
