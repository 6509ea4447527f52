import type { Context } from "hono";
import type { ProvisioningStatus, RecordedResponse } from "../../ports.ts";

/** A JSON answer in the form that is sent and stored for repeats of its request. */
export function recordJson(status: number, body: unknown, headers: Record<string, string>): RecordedResponse {
  return { status, body: JSON.stringify(body), headers };
}

/** 202 for work that goes on after the answer, with the URL to poll (`statusUrl`, a relative path) and `Retry-After`. */
export function accepted(statusUrl: string, body: unknown): RecordedResponse {
  return recordJson(202, body, { Location: statusUrl, "Retry-After": "1" });
}

/** Tells a client that polls when to come back, while the status is not final. */
export function pollAgain(c: Context, status: ProvisioningStatus): void {
  if (status === "PENDING" || status === "PROVISIONING") c.header("Retry-After", "1");
}

/** Sends a recorded answer byte for byte. */
export function sendRecorded(recorded: RecordedResponse, replayed: boolean): Response {
  const headers = new Headers({ ...recorded.headers, "Content-Type": "application/json" });
  if (replayed) headers.set("Idempotency-Replayed", "true");
  return new Response(recorded.body, { status: recorded.status, headers });
}
