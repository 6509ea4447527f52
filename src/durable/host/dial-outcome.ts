/** `unreachable` may be better the next time, `refused` and `forbidden` will not. */
export type DialOutcome =
  | { readonly kind: "open"; readonly socket: WebSocket }
  | { readonly kind: "unreachable" | "refused" | "forbidden"; readonly message: string };
