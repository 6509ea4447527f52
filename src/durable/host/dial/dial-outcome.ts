import type { SessionFact } from "../../../ports.ts";

/** What the host tells Postgres of a line by itself, because it offered to and the session was new. */
export interface LeftFacts {
  readonly generation: number;
  readonly facts: readonly SessionFact[];
}

/**
 * `unreachable` may be better the next time, `refused` and `forbidden` will not. `unknown`: a session of ours that knows nothing
 * of the station. `lineFacts`: null on all lines but the first of a new session. `retryAfterMs`: how long the central
 * system asked to be left alone.
 */
export type DialOutcome =
  | { readonly kind: "open"; readonly socket: WebSocket; readonly lineFacts: LeftFacts | null }
  | {
      readonly kind: "unreachable" | "refused" | "forbidden" | "unknown";
      readonly message: string;
      readonly retryAfterMs?: number;
    };
