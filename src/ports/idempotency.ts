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

/** Idempotency keys of requests whose effect is stored elsewhere than in Postgres. */
export interface IdempotencyStore {
  /**
   * Claims a key. Null: it is claimed, and the caller records an answer or releases it; otherwise the answer of the
   * first request. A claim without an answer is free again after 60 s. @throws IdempotencyMismatch, IdempotencyInFlight
   */
  claim(organizationId: string, claim: IdempotencyClaim, now: Date): Promise<RecordedResponse | null>;
  /** Stores the answer that repeats get. */
  record(organizationId: string, claim: IdempotencyClaim, response: RecordedResponse): Promise<void>;
  /** Frees a claimed key that has no answer. */
  release(organizationId: string, claim: IdempotencyClaim): Promise<void>;
}
