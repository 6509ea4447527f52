import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";

/**
 * Repeats the request id on the finished answer: headers set before it are lost when a route answers with a Response
 * of its own, as recorded answers do.
 */
export function requestIdHeader(): MiddlewareHandler<AppEnv> {
  return async function requestIdHeader(c, next) {
    await next();
    c.res.headers.set("X-Request-Id", c.get("requestId"));
  };
}
