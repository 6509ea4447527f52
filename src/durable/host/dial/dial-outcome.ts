import type { SessionFact } from "../../../ports.ts";

/** First facts of a line that the host writes to Postgres, because its offer created the session. */
export interface HostFacts {
  readonly generation: number;
  readonly facts: readonly SessionFact[];
}

/**
 * Result of dialing. `unreachable`: may succeed later. `refused`, `forbidden`: will not. `unknown`: the session of this
 * deployment is not provisioned. `lineFacts`: null except on the first line of a new session. `retryAfterMs`: `Retry-After` of
 * the central system.
 */
export type DialOutcome =
  | { readonly kind: "open"; readonly socket: WebSocket; readonly lineFacts: HostFacts | null }
  | {
      readonly kind: "unreachable" | "refused" | "forbidden" | "unknown";
      readonly message: string;
      readonly retryAfterMs?: number;
    };
