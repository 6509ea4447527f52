import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A single-target command that the station did not answer. The detail is shown to the client. */
export class CommandRefused extends Error {
  readonly status: ContentfulStatusCode;
  readonly retryAfterSeconds: number | null;
  constructor(status: ContentfulStatusCode, detail: string, retryAfterSeconds: number | null = null) {
    super(detail);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
