import type { JsonValue } from "./json.ts";

/** How one command to a station ended. `sent` false: the station never got it and never will. */
export type CallOutcome =
  | { readonly kind: "answered"; readonly payload: JsonValue }
  | {
      readonly kind: "stationError";
      /** As received: every spelling of every version occurs. */
      readonly code: string;
      readonly description: string;
      readonly action: string;
    }
  | { readonly kind: "invalidAnswer"; readonly reason: string }
  /** The last part of a report has come, and these have not. */
  | { readonly kind: "incompleteReport"; readonly missing: readonly number[] }
  /** Cannot be said in the version of the connection, so it was never sent. `pointer`: to what is wrong in the CALL. */
  | { readonly kind: "invalidCommand"; readonly reason: string; readonly pointer: string }
  /** `timeoutMs` where the version of the connection decided it. */
  | { readonly kind: "timeout"; readonly sent: boolean; readonly timeoutMs?: number }
  | { readonly kind: "lost"; readonly sent: boolean; readonly reason: "disconnected" | "superseded" }
  | { readonly kind: "offline" }
  | { readonly kind: "busy" }
  | { readonly kind: "notAccepted" }
  | { readonly kind: "notProvisioned" };
