import type { MiddlewareHandler } from "hono";
import { refusePreflight, setCommonHeaders } from "./answer-headers.ts";
import type { AppEnv } from "./context.ts";
import { logRequest } from "./request-log.ts";

const REQUEST_ID = /^[\w\-=]{1,255}$/;

/**
 * What surrounds every request: its id, which is the caller's `X-Request-Id` where that is short and plain, the answer to a
 * preflight, the headers that all answers have, and its log line.
 * @param write takes the finished line
 */
export function envelope(write: (line: string) => void): MiddlewareHandler<AppEnv> {
  return async function envelope(c, next) {
    const startedAtMs = Date.now();
    const offered = c.req.header("X-Request-Id");
    c.set("requestId", offered !== undefined && REQUEST_ID.test(offered) ? offered : crypto.randomUUID());
    if (c.req.method === "OPTIONS") {
      const refusal = await refusePreflight(c, next);
      if (refusal) c.res = refusal;
    } else await next();
    setCommonHeaders(c);
    logRequest(c, startedAtMs, write);
  };
}
