import type { TypedResponse } from "hono";
import type { RecordedResponse } from "../../ports.ts";

/** A JSON answer as it is stored for repeats of its request and sent. */
export function recordJson(status: number, body: unknown, headers: Record<string, string>): RecordedResponse {
  return { status, body: JSON.stringify(body), headers };
}

/** 202 for work that goes on behind the answer: where to look, and when. `statusUrl` is a relative path. */
export function accepted(statusUrl: string, body: unknown): RecordedResponse {
  return recordJson(202, body, { Location: statusUrl, "Retry-After": "1" });
}

/**
 * Sends a recorded answer byte for byte. Typed as an answer any route may give, because its body was rendered from
 * that route's response schema before it was recorded.
 */
export function sendRecorded(
  recorded: RecordedResponse,
  replayed: boolean,
): Response & TypedResponse<never, never, "json"> {
  const headers = new Headers({ ...recorded.headers, "Content-Type": "application/json" });
  if (replayed) headers.set("Idempotency-Replayed", "true");
  const response = new Response(recorded.body, { status: recorded.status, headers });
  return response as Response & TypedResponse<never, never, "json">;
}
