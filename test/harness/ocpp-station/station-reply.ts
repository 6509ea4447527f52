import type { RawCall } from "./raw-station.ts";

/** A CALL as the station got it. */
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

/** What a station does with a CALL: answers it, now or after a while, says nothing, or loses its line. */
export type Reply =
  | { kind: "answer"; payload: object; afterMs?: number }
  | { kind: "error"; code: string; afterMs?: number }
  | { kind: "silence" }
  | { kind: "drop" };
