/** What identifies a repeated request, within one organisation. */
export interface IdempotencyClaim {
  method: string;
  path: string;
  key: string;
  /** SHA-256 (hex) over the body as canonical JSON. */
  bodyHash: string;
}

/** An HTTP answer, stored so that a repeat gets the same bytes. */
export interface RecordedResponse {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/**
 * Result of a write with an idempotency claim. "done": this call wrote. "replayed": an earlier request with the same
 * key and body wrote; `response` is its answer.
 */
export type Claimed<T> = { kind: "done"; value: T } | { kind: "replayed"; response: RecordedResponse };
