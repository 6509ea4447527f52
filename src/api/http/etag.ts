import { etag, RETAINED_304_HEADERS } from "hono/etag";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";

const RETAINED = [
  ...RETAINED_304_HEADERS,
  "x-request-id",
  "retry-after",
  "link",
  "ratelimit-limit",
  "ratelimit-remaining",
  "ratelimit-reset",
];

/** Answers `If-None-Match` with 304; the route sets the `ETag`, see `entityTag`. */
export function conditional(): MiddlewareHandler<AppEnv> {
  return etag({ retainedHeaders: RETAINED });
}

/** Weak entity tag, e.g. `W/"7"`, of values that change whenever the answer does. */
export function entityTag(...parts: Array<string | number | null>): string {
  return `W/"${parts.map((part) => encodeURIComponent(part ?? "-")).join(".")}"`;
}
