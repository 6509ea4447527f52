import { etag, RETAINED_304_HEADERS } from "hono/etag";
import type { Context, MiddlewareHandler } from "hono";
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

/** Whether the client has what this tag stands for, as `conditional` sees it. A route may then answer 304 without a body. */
export function isCurrent(c: Context<AppEnv>, tag: string): boolean {
  const known = c.req.header("If-None-Match");
  return known === "*" || known?.match(/"[^"]*"/g)?.includes(tag.replace(/^W\//, "")) === true;
}

/** Weak entity tag, e.g. `W/"7"`, of values that change whenever the answer does. */
export function entityTag(...parts: Array<string | number | null>): string {
  return `W/"${parts.map((part) => encodeURIComponent(part ?? "-")).join(".")}"`;
}
