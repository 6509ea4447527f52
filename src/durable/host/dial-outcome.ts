/**
 * `unreachable` may be better the next time, `refused` and `forbidden` will not. `unknown`: a session of ours that knows nothing
 * of the station. `newsGeneration`: of a line whose first news the host tells, else null.
 */
export type DialOutcome =
  | { readonly kind: "open"; readonly socket: WebSocket; readonly newsGeneration: number | null }
  | { readonly kind: "unreachable" | "refused" | "forbidden" | "unknown"; readonly message: string };
