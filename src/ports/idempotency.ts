export interface IdempotencyClaim {
  method: string;
  path: string;
  key: string;
  /** SHA-256 (hex) over canonical JSON. */
  bodyHash: string;
}

/** An answer as it went out, byte for byte. */
export interface RecordedResponse {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** Result of a write that carries an idempotency claim: done now, or done before and only replayed. */
export type Claimed<T> = { kind: "done"; value: T } | { kind: "replayed"; response: RecordedResponse };
